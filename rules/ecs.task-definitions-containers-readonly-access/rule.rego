package rules.ecs_task_definitions_containers_readonly_access

# A definition has containers. What is no list of them breaks off here, and is no pass.
applies if {
	count(input.resource.configuration.ContainerDefinitions) > 0
	not is_windows
}

is_windows if startswith(upper(input.resource.configuration.RuntimePlatform.OperatingSystemFamily), "WINDOWS")

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, container in input.resource.configuration.ContainerDefinitions

	# Every container has a name. One that shows none was not read as AWS Config has it: this breaks off, and is no pass.
	name := trim(object.get(container, "Name", null), " ")
	object.get(container, "ReadonlyRootFilesystem", false) != true
	task := data.lib.naming.called(input.resource, "TaskDefinitionArn")
	path := sprintf("configuration.ContainerDefinitions[%d].ReadonlyRootFilesystem", [place])
	message := sprintf("Container '%s' of task definition '%s' can write to its root file system.", [name, task])
	evidence := {"task": task, "container": name}
}
