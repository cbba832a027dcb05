resource "aws_db_instance" "orders" {
  identifier        = "orders"
  engine            = "postgres"
  engine_version    = "16.4"
  instance_class    = "db.t4g.medium"
  allocated_storage = 20
  username          = "größer"
  password          = var.password
  auto_minor_version_upgrade = false # after the upgrade

  tags = {
    team = "shop"
  }
}
