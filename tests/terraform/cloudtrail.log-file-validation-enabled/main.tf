resource "aws_cloudtrail" "main" {
  name           = "main"
  s3_bucket_name = aws_s3_bucket.trail.id
  /* Every region,
     as the auditors ask. */
  is_multi_region_trail = true
}
