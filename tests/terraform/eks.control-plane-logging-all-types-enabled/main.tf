resource "aws_eks_cluster" "shop" {
  name     = "shop"
  role_arn = aws_iam_role.eks.arn

  enabled_cluster_log_types = [
    "api",   # who asks
    "audit", # what they get
  ]

  vpc_config {
    subnet_ids = var.subnets
  }
}
