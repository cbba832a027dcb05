# DB instances and where their settings live.
package lib.rds

# Whether an instance is a member of a cluster: then the cluster has the setting, and the instance shows nothing of use.
in_cluster(configuration) if not object.get(configuration, "dBClusterIdentifier", null) in {null, ""}

# Whether an instance copies another one.
is_replica(configuration) if not object.get(configuration, "readReplicaSourceDBInstanceIdentifier", null) in {null, ""}
