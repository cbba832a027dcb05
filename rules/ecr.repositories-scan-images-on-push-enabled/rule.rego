package rules.ecr_repositories_scan_images_on_push_enabled

violations contains {"path": path, "message": message, "evidence": {"scanOnPush": found}} if {
	found := input.resource.configuration.ImageScanningConfiguration.ScanOnPush
	found != true
	path := "configuration.ImageScanningConfiguration.ScanOnPush"
	message := sprintf("Repository '%s' does not scan images when they are pushed.", [input.resource.configuration.RepositoryName])
}
