import Testing

/// The crash sweep: a placement and a failover by the shipped hooks, on an engine in a process of its own that is killed, and on machines
/// that outlive it. Whatever happens, the end is the same. One test after the other: each keeps the processors busy by itself.
@Suite(.serialized) struct SweepTests {}
