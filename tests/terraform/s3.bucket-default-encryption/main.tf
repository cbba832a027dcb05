# What the shop reports.
resource "aws_s3_bucket" "reports" {
  bucket = "reports"
}

resource "aws_s3_bucket" "other" {
  bucket = "other"
}
