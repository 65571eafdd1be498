import MusterCore
import MusterEngine

/// What happened in a simulation, in its order.
public final class Story {
    public struct Entry: Sendable, Hashable {
        public enum Kind: String, Sendable, CaseIterable {
            /// What the script or the operator did.
            case command
            /// What the engine recorded.
            case event
            /// An order that a controller took.
            case power
            /// What a machine did by itself.
            case machine
            /// What became of an image's export.
            case export
            /// What became of the engine's process.
            case engine
            /// A rule of safety that was broken.
            case violation
        }

        /// Virtual milliseconds since the beginning.
        public var at: Int64
        public var kind: Kind
        public var words: String
        public var resource: String?
        public var server: String?
        public var event: Event?
    }

    public private(set) var entries: [Entry] = []
    /// Broken rules, in words.
    public private(set) var violations: [String] = []
    /// Told of each entry as it comes.
    public var observe: (Entry) -> Void = { _ in }
    private let agenda: Agenda

    init(agenda: Agenda) { self.agenda = agenda }

    func tell(_ kind: Entry.Kind, _ words: String, resource: String? = nil, server: String? = nil, event: Event? = nil) {
        let entry = Entry(at: agenda.elapsed, kind: kind, words: words, resource: resource, server: server, event: event)
        entries.append(entry)
        observe(entry)
    }

    func tell(_ event: Event) {
        let subjects = [event.resource?.rawValue, event.server?.rawValue].compactMap { $0 }
        tell(
            .event, ([event.name] + subjects).joined(separator: " "), resource: event.resource?.rawValue, server: event.server?.rawValue,
            event: event)
    }

    func violate(_ words: String) {
        violations.append(words)
        tell(.violation, words)
    }
}
