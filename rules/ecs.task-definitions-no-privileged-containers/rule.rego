package rules.ecs_task_definitions_no_privileged_containers

# A definition has containers. What is no list of them breaks off here, and is no pass.
applies if count(input.resource.configuration.ContainerDefinitions) > 0

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, container in input.resource.configuration.ContainerDefinitions

	# Every container has a name. One that shows none was not read as AWS Config has it: this breaks off, and is no pass.
	name := trim(object.get(container, "Name", null), " ")
	not object.get(container, "Privileged", false) in {false, null}
	task := data.lib.naming.called(input.resource, "TaskDefinitionArn")
	path := sprintf("configuration.ContainerDefinitions[%d].Privileged", [place])
	message := sprintf("Container '%s' of task definition '%s' runs privileged.", [name, task])
	evidence := {"task": task, "container": name}
}
