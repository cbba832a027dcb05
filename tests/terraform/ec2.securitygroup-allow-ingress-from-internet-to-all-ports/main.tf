resource "aws_security_group" "web" {
  name = "web"
}

resource "aws_vpc_security_group_ingress_rule" "all" {
  security_group_id = aws_security_group.web.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0" # oops
}

resource "aws_vpc_security_group_ingress_rule" "all_v6" {
  security_group_id = "sg-0abc123"
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0"
}
