resource "aws_security_group" "web" {
  name = "web"

  ingress {
    from_port = 5432
    to_port   = 5432
    protocol  = "tcp"
    cidr_blocks = [
      "10.1.0.0/16", # the office
      "0.0.0.0/0",   # everybody else
      "10.2.0.0/16", # the other office
    ]
  }
}
