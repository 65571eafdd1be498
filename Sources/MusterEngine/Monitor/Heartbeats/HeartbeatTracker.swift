import MusterCore

/// Ends heartbeats below the engine: one that says exactly what the last accepted one said is noted and answered, any other is the
/// engine's. A state machine without I/O; only silence and return come out of it.
public struct HeartbeatTracker: Sendable {
    /// What a machine said when the engine last answered `ok`. Its words are compared as they are: a beat that differs in any is new.
    private struct Word: Sendable {
        var token: String
        var bootID: String
        var epoch: Epoch?
        var watchdog: ArmedWatchdog?

        init(_ heartbeat: Heartbeat) {
            token = heartbeat.token
            bootID = heartbeat.bootID
            epoch = heartbeat.epoch
            watchdog = heartbeat.watchdog
        }

        func isSaid(by heartbeat: Heartbeat) -> Bool {
            epoch == heartbeat.epoch && token == heartbeat.token && bootID == heartbeat.bootID && watchdog == heartbeat.watchdog
        }
    }

    private struct Machine: Sendable {
        var id: ResourceID
        /// The card that beats.
        var mac: UInt64?
        /// Nil when the next beat goes to the engine.
        var word: Word?
        var heard: Moment?
        var load: LoadObservation?
        /// The last time its word was forgotten, as the number of that time.
        var forgotten: Int64

        mutating func hear(_ now: Moment, _ heartbeat: Heartbeat) {
            heard = heard.map { max($0, now) } ?? now
            if let load = LoadObservation(heartbeat, at: now) { self.load = load }
        }
    }

    /// Says whether something was forgotten between a heartbeat's turn of the engine and its answer.
    public struct Ticket: Sendable { fileprivate let number: Int64 }

    private var machines: [Machine] = []
    private var byMAC: [UInt64: Int] = [:]
    private var byID: [ResourceID: Int] = [:]
    private var free: [Int] = []
    /// The machines under watch, by when they were last heard as far as was looked: a beat itself does not touch this order.
    private var watched = DueQueue<Int>()
    private var changes: Int64 = 0
    private var allForgotten: Int64 = 0
    /// How many machines `takeSilent` has looked at, how many heartbeats were answered here, and how many were the engine's.
    public private(set) var looks = 0
    public private(set) var answered = 0
    public private(set) var passedOn = 0

    public init() {}

    /// How many machines it knows.
    public var count: Int { byID.count }

    // MARK: Heartbeats

    /// Takes a heartbeat: true when it is answered `ok` here, false when it is for the engine.
    public mutating func beat(_ heartbeat: Heartbeat, at now: Moment) -> Bool {
        guard let place = byMAC[heartbeat.mac.number], machines[place].word?.isSaid(by: heartbeat) == true else {
            passedOn += 1
            return false
        }
        machines[place].hear(now, heartbeat)
        answered += 1
        return true
    }

    /// Stands for now; to be taken after the engine's turn for a heartbeat.
    public var ticket: Ticket { Ticket(number: changes) }

    /// The engine answered `ok`, and that is durable: the same word again is answered here, unless the machine was touched since the
    /// ticket.
    public mutating func learn(_ heartbeat: Heartbeat, of id: ResourceID, at now: Moment, _ ticket: Ticket) {
        guard allForgotten <= ticket.number else { return }
        let place = place(of: id)
        machines[place].hear(now, heartbeat)
        guard machines[place].forgotten <= ticket.number else { return }
        let mac = heartbeat.mac.number
        loseCard(place)
        if let other = byMAC[mac] { loseCard(other) }
        machines[place].mac = mac
        byMAC[mac] = place
        machines[place].word = Word(heartbeat)
    }

    private mutating func loseCard(_ place: Int) {
        machines[place].word = nil
        if let mac = machines[place].mac { byMAC[mac] = nil }
        machines[place].mac = nil
    }

    private mutating func place(of id: ResourceID) -> Int {
        if let known = byID[id] { return known }
        let machine = Machine(id: id, forgotten: 0)
        let place = free.popLast() ?? machines.count
        if place == machines.count { machines.append(machine) } else { machines[place] = machine }
        byID[id] = place
        return place
    }

    // MARK: What the engine changes

    /// The engine changed something of a machine: its next beat goes there. When it was heard stays known.
    public mutating func forget(_ id: ResourceID) {
        changes += 1
        let place = place(of: id)
        machines[place].word = nil
        machines[place].forgotten = changes
    }

    /// The machine is gone.
    public mutating func remove(_ id: ResourceID) {
        // What a turn under way learns of a machine that is gone must not bring it back.
        changes += 1
        allForgotten = changes
        guard let place = byID.removeValue(forKey: id) else { return }
        loseCard(place)
        watched.remove(place)
        free.append(place)
    }

    /// The engine dropped its memory: every next beat goes there.
    public mutating func forgetAll() {
        changes += 1
        allForgotten = changes
        for place in machines.indices { machines[place].word = nil }
    }

    // MARK: Silence and load

    public func lastHeard(_ id: ResourceID) -> Moment? { byID[id].flatMap { machines[$0].heard } }

    /// What it said last of its load; nil when it never did.
    public func load(of id: ResourceID) -> LoadObservation? { byID[id].flatMap { machines[$0].load } }

    public mutating func watch(_ id: ResourceID, heardSince since: Moment) -> Bool {
        guard let place = byID[id], machines[place].word != nil, let heard = machines[place].heard, heard >= since else { return false }
        watched.set(place, at: heard.milliseconds)
        return true
    }

    public func watches(_ id: ResourceID) -> Bool { byID[id].map { watched[$0] != nil } ?? false }

    /// A machine is looked at once in `length`, not with each beat.
    public mutating func takeSilent(now: Moment, after length: Int64, since: Moment) -> [Silence] {
        guard now - since >= length else { return [] }
        var silent: [Silence] = []
        while let place = watched.pop(dueBy: now.milliseconds - length) {
            looks += 1
            guard let heard = machines[place].heard else { continue }
            if now - heard < length {
                watched.set(place, at: heard.milliseconds)
            } else {
                machines[place].word = nil
                silent.append(Silence(resource: machines[place].id, lastHeard: heard))
            }
        }
        return silent.sorted { $0.resource < $1.resource }
    }

    public func nextSilence(after length: Int64) -> Moment? { watched.next.map { Moment(milliseconds: $0 + length) } }
}

extension MACAddress {
    /// The octets as one number, which is cheaper to look up.
    fileprivate var number: UInt64 { octets.reduce(0) { $0 << 8 | UInt64($1) } }
}
