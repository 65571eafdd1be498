import CLuaShim
import MusterCore

/// An isolate's Lua state, as `LuaIsolate.perform` hands it out; never used outside of that.
///
/// Every call runs Lua in protected mode and comes back with an outcome: scripts cannot make it trap or throw past Swift.
public final class Lua {
    private let state: OpaquePointer
    private let host: LuaHost
    private let texts: KeptTexts
    // One thread at a time uses a state, and nothing that these are used for comes back here.
    @exclusivity(unchecked) private var writer: FlatWriter
    @exclusivity(unchecked) private var answer: [Value] = [.null]
    /// Kept while the state counts into it.
    private let coverage: LuaCoverage?

    init(_ settings: LuaSettings, host: LuaHost, preludes: [LuaSource]) throws(MusterError) {
        var encoded = settings.encoded(context: Unmanaged.passUnretained(host).toOpaque())
        texts = KeptTexts()
        writer = FlatWriter(kept: texts)
        guard let state = mlua_open(&encoded) else {
            writer.free()
            texts.free()
            throw MusterError(.memory, "no memory for a Lua state", hint: "raise the memory limit")
        }
        self.state = state
        self.host = host
        coverage = settings.coverage
        if let coverage { mlua_cover(state, coverage.counts) }
        for function in host.functions {
            try check(function.name.withBytes { mlua_declare(state, $0, function.kind.rawValue) })
        }
        for prelude in preludes {
            let status = prelude.name.withBytes { name in prelude.text.withBytes { mlua_prelude(state, name, $0) } }
            try check(status)
        }
        try check(mlua_seal(state))
    }

    deinit {
        mlua_close(state)
        writer.free()
        texts.free()
    }

    private func check(_ status: Int32) throws(MusterError) {
        if Int(status) == MLUA_FAILED { throw readError() }
    }

    private func readError() -> MusterError {
        var reader = FlatReader(mlua_output(state))
        return reader.readError()
    }

    private func outcome(_ status: Int32) -> LuaOutcome {
        texts.settle(mlua_texts_kept(state))
        var reader = FlatReader(mlua_output(state))
        switch Int(status) {
        case MLUA_RETURNED: return .returned(values(&reader))
        case MLUA_YIELDED:
            let name = host.functions[reader.readIndex()].name
            return .yielded(name: name, arguments: reader.readValues())
        default: return .failed(reader.readError())
        }
    }

    /// What a function returned. A short single value, as most are, lies in the array of the last one again, unless somebody kept that.
    @inline(__always)
    private func values(_ reader: inout FlatReader) -> [Value] {
        guard reader.takeSingle(within: 64) else { return reader.readValues() }
        answer[0] = reader.readValue()
        return answer
    }

    /// Encodes into the one kept block; it is taken out meanwhile, so that no other access meets it.
    @inline(__always)
    private func encode(_ values: [Value]) -> mlua_bytes {
        writer.clear()
        writer.write(values)
        return writer.bytes
    }

    // MARK: Chunks

    /// Parses source text. Errors: `script_error` with file and line; `memory`.
    public func compile(_ source: LuaSource) throws(MusterError) -> LuaChunk {
        var number: Int32 = -1
        try check(source.name.withBytes { name in source.text.withBytes { mlua_compile(state, name, $0, &number) } })
        return LuaChunk(number: number)
    }

    /// The lines of a chunk's source that have something to execute. Errors: `not_found`; `wrong_state` while a script executes.
    public func activeLines(of chunk: LuaChunk) throws(MusterError) -> Set<Int> {
        try check(mlua_dump(state, chunk.number))
        let output = mlua_output(state)
        let bytes = [UInt8](UnsafeBufferPointer(start: output.start, count: output.length))
        guard let active = ActiveLines(bytecode: bytes) else {
            throw MusterError(.script, "this Lua writes its bytecode in another form than 5.4's", hint: "build with Lua 5.4")
        }
        return active.lines
    }

    /// Forgets a chunk. Runs that execute it go on; starting it gives `not_found`.
    public func release(_ chunk: LuaChunk) { mlua_release_chunk(state, chunk.number) }

    // MARK: Runs

    /// Executes a hook file's top level, which may register and compute but call no effects.
    ///
    /// The run stays until `finish`: `registrations(of:)` tells what it registered, `call` calls it. A failed load has no strand.
    public func load(_ chunk: LuaChunk, seed: UInt64 = 0) -> LuaStart {
        start(chunk, flags: MLUA_KEEP | MLUA_COLLECT, seed: seed, handler: 0, arguments: mlua_bytes())
    }

    /// Executes a file and then one of the functions it registered, in one crossing: the way of an event through a hook.
    ///
    /// The run is over when the outcome is not `yielded`; there is a strand only then.
    public func dispatch(_ chunk: LuaChunk, handler: LuaFunction, event: Value, seed: UInt64 = 0) -> LuaStart {
        writer.clear()
        writer.writeAlone(event)
        return start(chunk, flags: 0, seed: seed, handler: Int32(handler.number), arguments: writer.bytes)
    }

    /// The same with any number of arguments.
    public func dispatch(_ chunk: LuaChunk, handler: LuaFunction, arguments: [Value], seed: UInt64 = 0) -> LuaStart {
        start(chunk, flags: 0, seed: seed, handler: Int32(handler.number), arguments: encode(arguments))
    }

    /// Executes a script, whose top level may call effects and declare globals at any time.
    ///
    /// A kept run stays until `finish`, and `evaluate` executes more chunks in its environment (as a prompt does).
    public func execute(_ chunk: LuaChunk, seed: UInt64 = 0, keep: Bool = false) -> LuaStart {
        start(
            chunk, flags: MLUA_TOP_LEVEL_EFFECTS | MLUA_COLLECT | (keep ? MLUA_KEEP : 0), seed: seed, handler: 0,
            arguments: mlua_bytes())
    }

    private func start(_ chunk: LuaChunk, flags: Int, seed: UInt64, handler: Int32, arguments: mlua_bytes) -> LuaStart {
        var handle: UInt64 = 0
        let status = mlua_start(state, chunk.number, Int32(flags), seed, handler, arguments, &handle)
        return LuaStart(strand: handle == 0 ? nil : LuaStrand(handle: handle), outcome: outcome(status))
    }

    /// Executes another chunk in the environment of a kept run whose strand is idle; the strand stays, whatever the outcome.
    public func evaluate(_ chunk: LuaChunk, in strand: LuaStrand) -> LuaOutcome {
        outcome(mlua_evaluate(state, strand.handle, chunk.number))
    }

    /// Calls a function of a kept run on its idle strand; the strand stays, whatever the outcome.
    public func call(_ function: LuaFunction, in strand: LuaStrand, arguments: [Value]) -> LuaOutcome {
        outcome(mlua_call(state, strand.handle, Int32(function.number), encode(arguments)))
    }

    /// Calls a function of a run on a new strand beside the given one, which may be parked.
    ///
    /// The branch is over when the outcome is not `yielded`. A run ends with its last strand.
    public func spawn(_ function: LuaFunction, beside strand: LuaStrand, arguments: [Value]) -> LuaStart {
        var handle: UInt64 = 0
        let status = mlua_spawn(state, strand.handle, Int32(function.number), encode(arguments), &handle)
        return LuaStart(strand: handle == 0 ? nil : LuaStrand(handle: handle), outcome: outcome(status))
    }

    /// Answers the effect that a strand waits for: with values, or with an error that the script may catch.
    public func resume(_ strand: LuaStrand, with answer: Result<[Value], MusterError>) -> LuaOutcome {
        switch answer {
        case .success(let values): return outcome(mlua_resume(state, strand.handle, 0, encode(values)))
        case .failure(let error): return raise(error, in: strand, failure: 1)
        }
    }

    /// Unwinds a parked strand with an error that the script cannot catch (`cancelled`, `diverged`).
    ///
    /// Its `<close>` handlers run and may call effects: the outcome is `yielded` for each, and `failed` with this error at
    /// the end.
    public func cancel(_ strand: LuaStrand, with error: MusterError) -> LuaOutcome {
        raise(error, in: strand, failure: 2)
    }

    private func raise(_ error: MusterError, in strand: LuaStrand, failure: Int32) -> LuaOutcome {
        writer.clear()
        writer.write(error)
        return outcome(mlua_resume(state, strand.handle, failure, writer.bytes))
    }

    /// Drops a strand without executing any more of it, not even `<close>` handlers.
    public func finish(_ strand: LuaStrand) { mlua_finish(state, strand.handle) }

    /// Forgets a function reference before its run ends.
    public func release(_ function: LuaFunction, in strand: LuaStrand) {
        mlua_release_function(state, strand.handle, Int32(function.number))
    }

    /// What the top level of a loaded file registered, in order.
    public func registrations(of strand: LuaStrand) -> [LuaRegistration] {
        var reader = FlatReader(mlua_registrations(state, strand.handle))
        var registrations: [LuaRegistration] = []
        while !reader.isAtEnd {
            let name = host.functions[reader.readIndex()].name
            registrations.append(LuaRegistration(name: name, arguments: reader.readValues()))
        }
        return registrations
    }

    // MARK: State

    /// Bytes of Lua's heap in use, garbage not collected yet included.
    public var memory: Int { mlua_memory(state) }

    /// The instructions of the last slice, in hundreds; 0 where slices are not limited by them.
    public var instructions: Int64 { mlua_instructions(state) }

    /// Collects all garbage.
    public func collectGarbage() { mlua_collect(state) }

    /// Whether a slice hung and was torn out: nothing runs in this state any more.
    public var isStuck: Bool { mlua_is_stuck(state) != 0 }

    /// Ends the slice running now, if any, as if its time were over. Any thread may call this and `abandon`, and nothing else.
    func interrupt() { mlua_interrupt(state) }

    /// Ends the slice running now and every later one at its first instruction.
    func abandon() { mlua_abandon(state) }
}

extension String {
    fileprivate func withBytes<T>(_ body: (mlua_bytes) -> T) -> T {
        var copy = self
        return copy.withUTF8 { body(mlua_bytes(start: $0.baseAddress, length: $0.count)) }
    }
}
