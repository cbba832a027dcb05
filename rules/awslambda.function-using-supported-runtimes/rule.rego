package rules.awslambda_function_using_supported_runtimes

applies if input.resource.configuration.packageType != "Image"

# What follows the runtimes of a family.
successors := {
	"dotnet": "dotnet10",
	"go": "provided.al2023",
	"java": "java25",
	"nodejs": "nodejs24.x",
	"provided": "provided.al2023",
	"python": "python3.14",
	"ruby": "ruby3.4",
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	# A runtime that is no text breaks off here, and is no pass.
	runtime := lower(object.get(input.resource.configuration, "runtime", null))
	not is_supported(runtime)
	function := data.lib.naming.called(input.resource, "functionName")
	path := "configuration.runtime"
	message := sprintf("Function '%s' runs on %s, %s.", [function, runtime, reason(runtime)])
	evidence := {"function": function, "runtime": runtime, "successor": successor(runtime)}
}

is_supported(runtime) if substring(input.now, 0, 10) <= last_day(runtime)

last_day(runtime) := day if {
	day := input.params.last_days[runtime]
	regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, day)
}

reason(runtime) := sprintf("which has had no patches since %s", [last_day(runtime)])

reason(runtime) := "which is none of the runtimes that are known to be patched" if not last_day(runtime)

successor(runtime) := next if {
	some family, next in successors
	startswith(runtime, family)
}

# A family that is not known can only bring its own runtime.
successor(runtime) := "provided.al2023" if {
	every family, _ in successors { not startswith(runtime, family) }
}
