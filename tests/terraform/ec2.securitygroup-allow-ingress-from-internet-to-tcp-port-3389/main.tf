resource "aws_security_group" "web" {
  name = "web"
}

resource "aws_security_group_rule" "desktop" {
  type              = "ingress"
  security_group_id = aws_security_group.web.id
  from_port         = 3389
  to_port           = 3389
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0", "203.0.113.0/24"]
  ipv6_cidr_blocks  = ["::/0"]
}
