import MusterCore

/// The engine: a plain state machine without I/O. Each mutating function is one turn: it changes the world, and leaves a batch to
/// commit and actions to take once the batch is durable. `EngineLoop` runs it against real parts, a simulation against simulated ones.
public struct Engine: Sendable {
    public internal(set) var world: World
    /// What this engine process has seen of each machine; never stored.
    var trackers: [ResourceID: Tracker] = [:]
    /// Operations that drivers are carrying out now, and whom their results are for.
    var operations = Operations()
    var lastOperation: Int64 = 0
    /// The fences under way.
    var ladders = Ladders()
    var lastLadder: Int64 = 0
    /// The checks of ladders under way.
    var checks: [ResourceID: LadderCheck] = [:]
    /// How often those below were told what turns had touched.
    var touchesTold = 0
    var actions: [Action] = []
    /// From when on silence counts; nil before the first turn.
    var listeningSince: Moment?
    var quietUntil: Moment?
    var lastTick: Moment?
    /// False while the machines' network is down: nobody's silence counts.
    var networkUp = true
    /// Whether so many machines were silent at the last look that the engine doubted itself.
    var wasIsolated = false
    /// True while the disk is full and the store lives on its reserve; and what was last told of that.
    public var isStoreShort = false
    var toldStoreShort = false
    /// When ended claims' exports were last tried to be cut.
    var triedCuts: Moment?
    /// When the exports were last listed, after a restore.
    var askedExports: Moment?
    /// When keys of events were last looked through.
    var sweptKeys: Moment?
    /// The oldest key that was left then.
    var oldestKey: Timestamp?
    /// Orders to switch off that wait until the engine has listened, by run and address.
    var heldOrders: Set<HeldOrder> = []
    /// The machines that a server has had, or was called for, since it last ran.
    var chances: [ServerID: Set<ResourceID>] = [:]
    /// Why and when a server was last reported as blocked.
    var toldBlocked: [ServerID: (reason: String, at: Moment)] = [:]
    /// When a hook was last reported for a question that it did not answer.
    var toldDecide: [HookID: Moment] = [:]
    /// What machines without a claim were told to boot, and when they last asked; nil: of an engine before this one.
    var bootAnswers: [MACAddress: (answer: BootAnswer, at: Moment?)] = [:]
    /// How machines are watched: what stands below the engine.
    let watching: Watching
    /// Which machines have to be looked at, and when.
    var lookout = Lookout()
    var polls = PollOrder()
    var random: any RandomNumberGenerator & Sendable
    /// Whether a page of the history was asked for and has not come yet.
    var isReadingBacklog = false
    /// Set by changes after which the servers must be reviewed.
    var needsReview = true

    public init(
        _ snapshot: Snapshot, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(), watching: Watching = Watching()
    ) {
        self.watching = watching
        world = World(snapshot)
        self.random = random
        bootAnswers = world.unreportedBoots
    }

    /// The engine that takes over from one of the same process whose memory is dropped: jobs that drivers still carry out for that one
    /// must not be mistaken for its own.
    public init(_ snapshot: Snapshot, after other: Engine) {
        self.init(snapshot, random: other.random, watching: other.watching)
        lastOperation = other.lastOperation
        lastLadder = other.lastLadder
        networkUp = other.networkUp
        // An event that could not be written is not tried again: each failure would drop every run.
        toldStoreShort = other.toldStoreShort
    }

    /// How many steps wait for their result.
    public var waitingSteps: Int { world.openSteps.values.reduce(0) { $0 + $1.count } }

    /// Takes the batch and the actions of the turns since the last call.
    public mutating func drain() -> (batch: Batch, actions: [Action]) {
        defer {
            world.pending = Batch()
            actions = []
        }
        return (world.pending, actions)
    }

    /// Records a fact and gives every hook that listens a run for it.
    mutating func emit(
        _ name: String, resource: ResourceID? = nil, server: ServerID? = nil, data: Fields = [:], now: Now
    ) {
        world.update { $0.lastEvent = $0.lastEvent.next }
        let event = Event(
            id: world.general.lastEvent, at: now.wall, name: name, resource: resource, server: server,
            incarnation: resource.flatMap { world.resources[$0]?.incarnation }, data: data)
        world.append(event)
        needsReview = true
        startRuns(for: event, now: now)
        wakeWaiters(for: event, now: now)
    }

    /// Sixteen random bytes as hexadecimal text.
    mutating func token() -> String {
        (0..<4).map { _ in
            let text = String(UInt32.random(in: .min ... .max, using: &random), radix: 16)
            return String(repeating: "0", count: 8 - text.count) + text
        }.joined()
    }
}

/// What the world outside has to do once a turn's batch is durable.
public enum Action: Sendable {
    case perform(OperationID, Operation)
    case startRun(Run, CodeBundle, [Step])
    case resumeRun(RunID, address: String, Step.Outcome)
    /// What executes the run forgets it; it starts again from its journal when its time comes.
    case dropRun(RunID)
    /// Reads a page of the history for `takeBacklog`.
    case readBacklog(after: EventID)
}

/// What the engine knows of a machine from watching it in this process.
struct Tracker: Sendable {
    /// When the engine itself heard it last.
    var heard: Moment?
    /// When a heartbeat of it was last acknowledged that the engine itself knows of.
    var acknowledged: Moment?
    /// Who hears it now.
    var hearing = Hearing.engine
    /// When the last power reading was asked for.
    var asked: Moment?
    /// The last power reading and when it was asked for.
    var reading: Power?
    var readAt: Moment?
    /// When the last evidence about it was recorded: readings asked for earlier say nothing against it.
    var evidenceAt: Moment?
    /// When it fell silent in this process.
    var silentSince: Moment?
    /// The start it is in, and when this process first saw it so.
    var starting: (since: Timestamp, seen: Moment)?
    /// What it said last of its load, where the engine itself heard it.
    var load: LoadObservation?
    /// Since when its readings have said off, without one of on or another boot in between; and when it last spoke, whatever it was told.
    var offSince: Moment?
    var spoke: Moment?
    /// What its controller measures; nil while nobody asked.
    var meter: Meter?
    /// The boot whose heartbeats under an ended claim were reported.
    var staleBoot: String?
}

extension Engine {
    /// Records a fact that the engine's surroundings report.
    public mutating func note(_ name: String, data: Fields, now: Now) {
        emit(name, data: data, now: now)
        review(now: now)
    }
}
