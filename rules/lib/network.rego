# Address ranges of security groups and network ACLs.
package lib.network

# The address ranges that mean anyone: all of them, the halves of IPv4, and what IPv6 has given out.
anyone := {"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1", "2000::/3"}
