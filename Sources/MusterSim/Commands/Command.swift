import MusterCore

/// Something that befalls a simulated fleet, or that its operator does: one line of a scenario without its time.
public enum Command: Sendable, Hashable {
    public enum Switch: String, Sendable, CaseIterable { case on, off }

    // Machines.
    /// Its power button; it works whatever its controller does.
    case power(String, Switch)
    /// The mains of machine and controller.
    case mains(String, Switch)
    /// Its system hangs, with power on.
    case crash(String)
    /// A system that hung goes on.
    case thaw(String)
    case shutdown(String)
    case reboot(String)
    /// The process that sends its heartbeats: whatever else it does goes on without.
    case heartbeat(String, Switch)
    /// The network between it and the engine.
    case network(String, Switch)
    /// The way from it to its storage.
    case storage(String, Switch)
    case load(String, Double)
    /// A machine that no fleet file has is plugged in, switched off; its name is the one that it will be found under.
    case newcomer(String)
    /// It is a virtual machine, a guest of another; of itself: it is none.
    case guest(String, of: String)

    // Controllers.
    /// The hypervisor on a machine.
    case hypervisor(String, SimulatedHypervisor)
    case bmc(String, SimulatedController.Mood)
    case bmcNetwork(String, Switch)
    /// Milliseconds until it answers.
    case bmcDelay(String, Int64)
    /// It measures what its machine draws, in watts; 0: it has no meter.
    case bmcDraws(String, Int64)
    /// It is cabled to another machine, whose GUID it tells.
    case bmcMiswired(String, to: String)
    /// The outlet by which a fence agent switches it off.
    case agent(String, SimulatedOutlet)
    case watchdog(String, SimulatedWatchdog)

    // The operator.
    case serverTarget(String, Server.Target)
    case serverMove(String, to: String?)
    case serverAdd(String, [String: String])
    case serverRemove(String)
    /// For so many milliseconds, or until it is returned.
    case maintenance(String, Switch, length: Int64? = nil)
    case fence(String)
    /// The operator's word that a machine is off.
    case confirmOff(String)
    /// Off for so many milliseconds, or until it is on again.
    case arm(Switch, length: Int64? = nil)
    case emit(String, [String: String])

    // The engine and what it stands on.
    /// Killed, and started again so many milliseconds later.
    case engineCrash(Int64)
    case engineStop
    case engineStart
    /// Its network card has no link, and it sees that.
    case engineNetwork(Switch)
    /// It reaches nothing any more, and sees no reason.
    case engineSplit(Switch)
    /// Its loop stands still for so many milliseconds.
    case engineStall(Int64)
    case diskFull(Switch)
    /// The export of a server's image ends without being cut.
    case exportDie(String)
}
