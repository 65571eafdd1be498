import MusterCore

extension MusterError {
    /// What somebody is told whose fleet has virtual machines: this build cannot reach their hypervisors.
    static func noDriver(forGuests count: Int) -> MusterError {
        MusterError(
            "no_hypervisor_driver",
            "this build has no driver for hypervisors, and the fleet has \(count) virtual machine\(count == 1 ? "" : "s")",
            hint: "they can be neither started nor destroyed from here; those that run are watched, and fenced by their other rungs")
    }
}
