resource "aws_ecs_service" "web" {
  name    = "web"
  cluster = aws_ecs_cluster.shop.id

  network_configuration {
    subnets          = var.subnets
    security_groups  = [aws_security_group.web.id]
    assign_public_ip = true // for the images
  }
}
