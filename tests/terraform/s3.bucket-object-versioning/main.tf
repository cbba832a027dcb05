# What the shop reports.
resource "aws_s3_bucket" "reports" {
  bucket = "reports"
}
