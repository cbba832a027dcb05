resource "aws_instance" "web" {
  ami           = "ami-0abc"
  instance_type = "t3.small"

  user_data = <<-EOT
    #!/bin/sh
    echo "metadata_options { http_tokens = \"optional\" }"
    echo } }
  EOT
}
