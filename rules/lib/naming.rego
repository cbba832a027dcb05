# What people and commands call a resource.
package lib.naming

# A member of the configuration that names the resource, else its name, else its id, which every resource has. A
# violation must not vanish because a name was not read.
called(resource, member) := resource.configuration[member] if is_name(resource.configuration[member])

else := resource.resourceName if is_name(resource.resourceName)

else := resource.resourceId

is_name(value) if {
	is_string(value)
	value != ""
}
