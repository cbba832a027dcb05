# Sizes the pictures of the shop.
resource "aws_lambda_function" "resize" {
  function_name = "resize"
  handler       = "main.handler"
  runtime       = "python3.13"
  role          = aws_iam_role.resize.arn
  filename      = "resize.zip"
}

resource "aws_lambda_function_url" "resize" {
  function_name      = aws_lambda_function.resize.function_name # the one above
  authorization_type = "NONE"                                   # until the gateway is there
}
