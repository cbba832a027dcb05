resource "aws_kms_key" "orders" {
  description = "orders ${terraform.workspace}"
  policy      = data.aws_iam_policy_document.key.json
}
