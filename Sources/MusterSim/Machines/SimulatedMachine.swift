import MusterCore
import MusterEngine

/// A machine as it really is, whatever the engine believes.
public struct SimulatedMachine: Sendable {
    /// How far it is from its power button to its work.
    public enum Stage: String, Sendable {
        case off
        /// The firmware counts memory, then asks the boot service for a plan until it gets one.
        case firmware
        /// It loads the system that its plan names.
        case loading
        /// Its system runs.
        case up
    }

    public let name: String
    public var mac: MACAddress
    public var uuid: String
    public var memoryMiB: Int64
    public var cpus: Int

    public internal(set) var stage = Stage.off
    /// Power is on and nothing moves: its system hangs.
    public internal(set) var isFrozen = false
    /// Grows whenever it starts anew, so that what was under way in its earlier life is over.
    public internal(set) var life = 0
    var token: String?
    /// The claim whose image it runs; nil for the idle ramdisk or its own disk.
    public internal(set) var epoch: Epoch?
    public internal(set) var bootID: String?
    /// Whether its boot was taken note of by the engine; it reports again and again until then.
    var hasReported = false
    /// Whether the process of its agent runs that reports and beats.
    public internal(set) var hasAgent = true
    /// Whether the engine hears it beat.
    var isHeard = false
    /// Whether its next beat is on the agenda.
    var willBeat = false
    /// When its system was up, in virtual milliseconds.
    var upSince: Int64 = 0

    // What it is connected with.
    /// The network on which it boots, beats and serves.
    public internal(set) var hasNetwork = true
    /// The way from it to the storage.
    public internal(set) var hasStorage = true
    /// The mains: without it machine and controller are dead.
    public internal(set) var hasMains = true
    public internal(set) var controller = SimulatedController()
    /// What a fence agent has to switch it off by: the outlet that feeds it.
    public internal(set) var outlet = SimulatedOutlet.answers
    /// What resets it when its heartbeats are not acknowledged, where it is told to arm it.
    public internal(set) var watchdog = SimulatedWatchdog.hard
    /// What it has armed, and when it fed that last, in virtual milliseconds.
    var armed: ArmedWatchdog?
    var fed: Int64 = 0
    /// The machine that it is a guest of, for a virtual one: what befalls that befalls it too, and its controller lives there.
    public internal(set) var hypervisor: String?
    /// How it carries out orders about its own guests.
    public internal(set) var hosting = SimulatedHypervisor.ok
    /// A declared guest: whether its hypervisor has had it started, and the largest number of an order that it took.
    var isDefined = false
    var lastOrder: Int64 = 0

    /// The load of each of its processors; its heartbeats carry that of all.
    public var load = 0.0

    /// What its system has in use: the ramdisk's own, or half of all with a server, and the more the busier that is.
    var memoryUsedMiB: Int64 {
        epoch == nil ? min(96, memoryMiB) : memoryMiB / 2 + Int64(Double(memoryMiB) * min(load, 1) / 4)
    }

    // How long things take it, in milliseconds.
    /// From power-on to the question for a plan.
    public var firmwareTime: Int64 = 8_000
    /// From its plan to a system that runs.
    public var loadTime: Int64 = 10_000
    /// From a system that runs to a server that answers.
    public var serviceTime: Int64 = 1_000
    /// From an orderly shutdown's beginning to its end.
    public var shutdownTime: Int64 = 4_000

    public var isOn: Bool { stage != .off }
    /// Whether its system runs and moves.
    public var isUp: Bool { stage == .up && !isFrozen }

    /// What its controller reads.
    var reading: Power { (controller.mood == .deceive ? controller.pretended : nil) ?? (isOn ? .on : .off) }

    public init(name: String, mac: MACAddress, uuid: String, memoryMiB: Int64, cpus: Int) {
        self.name = name
        self.mac = mac
        self.uuid = uuid
        self.memoryMiB = memoryMiB
        self.cpus = cpus
    }
}

/// The watchdog of a machine, as it really is.
public enum SimulatedWatchdog: String, Sendable, CaseIterable {
    case hard, soft, none

    /// What its machine reports of it, if it is of the kind that may be armed.
    func armed(_ terms: WatchdogTerms) -> ArmedWatchdog? {
        switch self {
        case .hard: ArmedWatchdog(driver: "i6300esb", seconds: terms.timeout / 1000)
        case .soft: terms.soft ? ArmedWatchdog(driver: ArmedWatchdog.soft, seconds: terms.timeout / 1000) : nil
        case .none: nil
        }
    }
}

/// The switchable outlet that feeds a machine, as it really is.
public enum SimulatedOutlet: String, Sendable, CaseIterable {
    case answers
    /// It does not answer.
    case silent
    /// It says done and does nothing.
    case lies
}

/// The hypervisor on a machine, as it really is.
public enum SimulatedHypervisor: String, Sendable, CaseIterable {
    case ok
    /// It does not answer.
    case silent
    /// It says done and does nothing.
    case lie
    /// It refuses every order, and reads.
    case refuse
}

/// A machine's management controller as it really is.
public struct SimulatedController: Sendable {
    public enum Mood: String, Sendable, CaseIterable {
        case ok
        /// It does not answer.
        case silent
        /// It says done and does nothing.
        case lie
        /// It refuses every order, and reads.
        case refuse
        /// It says done, reads what was ordered, and does nothing: nobody who asks it alone can know.
        case deceive
    }

    public internal(set) var mood = Mood.ok
    /// Whether the engine's network reaches it.
    public internal(set) var hasNetwork = true
    /// What it last said that it did, while it deceives.
    var pretended: Power?
    /// Milliseconds until it answers.
    public var delay: Int64 = 50
    /// Milliseconds from an order that it took to the reading that shows it.
    public var actionTime: Int64 = 500
    /// Watts that it measures while its machine is on; nil: it has no meter.
    public internal(set) var draws: Int64?

    public init() {}
}
