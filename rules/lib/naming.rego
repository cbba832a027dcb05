# What people and commands call a resource.
package lib.naming

# A member of the configuration that names the resource, else its name, else its id, which every resource has. A
# violation must not vanish because a name was not read.
called(resource, member) := names[0] if {
	configuration := object.get(resource, "configuration", {})
	candidates := [object.get(configuration, member, ""), object.get(resource, "resourceName", ""), resource.resourceId]
	names := [name | some name in candidates; is_string(name); name != ""]
}
