import MusterCore

/// The inks that words are written in.
enum Ink: String, Sendable {
    case plain = ""
    case bold = "1"
    case faint = "2"
    case good = "32"
    case busy = "33"
    case bad = "1;31"
    case calm = "34"
    case name = "36"
}

/// Colours, where they are wanted.
struct Style: Sendable {
    let isColoured: Bool

    func callAsFunction(_ text: String, _ ink: Ink) -> String {
        isColoured && ink != .plain && !text.isEmpty ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
    }
}

extension Ink {
    /// The ink of a state word, whatever it is the state of.
    static func state(_ word: String) -> Ink {
        switch word {
        case "active", "idle", "running", "done", "alive", "on", "armed": .good
        case "starting", "placing", "moving", "stopping", "suspect", "silent", "queued", "cancelled": .busy
        case "failed", "blocked", "diverged", "asking", "disarmed": .bad
        case "fenced", "maintenance": .calm
        case "off", "stopped", "unknown": .faint
        default: .plain
        }
    }

    /// The ink of an event's name, by how much it wants a person's eye.
    static func event(_ name: String) -> Ink {
        switch name.split(separator: ".").last ?? "" {
        case "failed", "blocked", "bmc_fault", "voided", "stale_heartbeat", "start_timeout", "network_down", "stalled": .bad
        case "suspect", "held", "disarmed", "cancelled": .busy
        case "running", "booted", "returned", "unblocked", "armed", "network_up", "bmc_answers": .good
        case "fenced", "maintenance", "active": .calm
        default: .plain
        }
    }
}
