import MusterCore
import MusterEngine
import MusterSim

/// What tests read of their fleet: the same fields as scripts see, and what only an onlooker knows.
struct TestReading {
    let simulation: Simulation

    private var engine: Engine { simulation.engine.engine }

    var resources: Value { engine.resourceValues }
    var servers: Value { engine.serverValues }
    var images: Value { engine.imageValues }

    private static func seconds(_ milliseconds: Int64) -> Value { .double(Double(milliseconds) / 1_000) }

    /// The events so far, oldest first; with `elapsed`, the seconds since the fleet began.
    func events(_ filter: Value) -> Value {
        let (name, resource, server) = (filter["name"].string, filter["resource"].string, filter["server"].string)
        let engine = engine
        return .array(
            simulation.story.entries.compactMap { entry in
                guard let event = entry.event, name == nil || event.name == name, resource == nil || event.resource?.rawValue == resource,
                    server == nil || event.server?.rawValue == server, var fields = engine.eventValue(event).object
                else { return nil }
                fields["elapsed"] = Self.seconds(entry.at)
                return .object(fields)
            })
    }

    /// All runs, oldest first, with their steps.
    func runs(_ filter: Value) -> Value {
        let (hook, status, key) = (filter["hook"].string, filter["status"].string, filter["key"].string)
        let store = simulation.engine.store
        return .array(
            store.allRuns.filter { run in
                (hook == nil || run.hook.rawValue == hook) && (status == nil || run.status.rawValue == status)
                    && (key == nil || run.key == key)
            }.map { run in
                var fields: Fields = [
                    Value.typeKey: "run", "id": .int(run.id.rawValue), "hook": .string(run.hook.rawValue), "key": .string(run.key),
                    "status": .string(run.status.rawValue), "at": .int(run.at.milliseconds), "result": run.result,
                    "steps": .array(((try? store.journal(of: run.id)) ?? []).map(step)),
                ]
                if case .event(let id) = run.cause { fields["event"] = .int(id.rawValue) }
                fields["attempt"] = run.attempt.map { .int(Int64($0)) }
                fields["error"] = run.error.map(error)
                return .object(fields)
            })
    }

    private func step(_ step: Step) -> Value {
        var fields: Fields = ["address": .string(step.address), "name": .string(step.name), "arguments": .array(step.arguments)]
        switch step.outcome {
        case .value(let value): fields["result"] = value
        case .error(let error): fields["error"] = self.error(error)
        case nil: break
        }
        return .object(fields)
    }

    private func error(_ error: MusterError) -> Value {
        var fields: Fields = [Value.typeKey: "error", "code": .string(error.code.rawValue), "message": .string(error.message)]
        fields["hint"] = error.hint.map { .string($0) }
        fields["place"] = error.place.map { .string($0) }
        fields["resource"] = error.subject.map { .string($0) }
        return .object(fields)
    }

    /// The orders that controllers took: `{ order = "off", resource = "node1", elapsed = 12.5 }`.
    func orders(_ filter: Value) -> Value {
        let resource = filter["resource"].string
        return .array(
            simulation.story.entries.compactMap { entry in
                guard entry.kind == .power, resource == nil || entry.resource == resource else { return nil }
                let order = entry.words.split(separator: " ").first.map(String.init) ?? ""
                return ["order": .string(order), "resource": .string(entry.resource ?? ""), "elapsed": Self.seconds(entry.at)]
            })
    }

    /// A machine as it really is. Errors: `not_found`.
    func machine(_ name: String) throws(MusterError) -> Value {
        guard let machine = simulation.machines[name] else {
            let near = Spelling.nearest(name, simulation.machines.names).map { "did you mean \($0)?" }
            throw MusterError(
                .notFound, "there is no machine \"\(name)\"",
                hint: near ?? "the fleet has " + simulation.machines.names.joined(separator: ", "))
        }
        var fields: Fields = [
            Value.typeKey: "machine", "name": .string(machine.name), "power": machine.isOn ? "on" : "off",
            "stage": .string(machine.stage.rawValue),
            "hangs": .bool(machine.isFrozen), "network": .bool(machine.hasNetwork), "storage": .bool(machine.hasStorage),
            "mains": .bool(machine.hasMains), "bmc": .string(machine.controller.mood.rawValue), "load": .double(machine.load),
        ]
        fields["epoch"] = machine.epoch.map { .int($0.rawValue) }
        return .object(fields)
    }

    /// The machine of a name, or on which the server of that name runs.
    func machine(of name: String) -> String {
        if simulation.machines[name] != nil { return name }
        return engine.world.aliveClaim(of: ServerID(name))?.resource.rawValue ?? name
    }

    /// The machines that have no network.
    var withoutNetwork: [String] { simulation.machines.names.filter { simulation.machines[$0]?.hasNetwork == false } }

    // MARK: The world outside

    var requests: Value {
        .array(
            simulation.machines.outside.requests.map { asked in
                let headers = Fields(
                    asked.request.headers.mapValues { parts in
                        parts.map { part in if case .text(let text) = part { text } else { "<secret>" } }.joined()
                    })
                var fields: Fields = [
                    "method": .string(asked.request.method), "address": .string("\(asked.request.address)"), "headers": .object(headers),
                    "elapsed": Self.seconds(asked.at),
                ]
                fields["body"] = asked.request.body.map { .string($0) }
                return .object(fields)
            })
    }

    var programs: Value {
        .array(
            simulation.machines.outside.programs.map { asked in
                var fields: Fields = [
                    "program": .string(asked.request.program), "arguments": .array(asked.request.arguments.map { .string($0) }),
                    "elapsed": Self.seconds(asked.at),
                ]
                fields["input"] = asked.request.input.map { .string($0) }
                fields["on"] = asked.request.remote.map { .string($0.address) }
                return .object(fields)
            })
    }
}
