import MusterCore
import MusterEngine
import MusterLua

/// Reads a `fleet.lua`.
public enum FleetReader {
    /// Executes the file in an isolate of its own and takes its declarations. Errors: `bad_fleet` or `script_error`, with place.
    public static func read(source: String, file: String) async throws -> FleetDeclaration {
        try fleet(try await isolate(.thread).perform { lua in try declarations(LuaSource(name: file, text: source), lua) }, file)
    }

    /// The same on the caller's thread, which waits for it.
    public static func readInline(source: String, file: String) throws -> FleetDeclaration {
        try fleet(try isolate(.inline).performInline { lua in try declarations(LuaSource(name: file, text: source), lua) }, file)
    }

    private static func isolate(_ placement: LuaSettings.Placement) throws -> LuaIsolate {
        // A large fleet is a long file.
        var limits = LuaSettings()
        limits.slice = .processorTime(milliseconds: 3_000)
        limits.messageLimit = 256 << 20
        limits.memoryLimit = 512 << 20
        limits.placement = placement
        return try LuaIsolate(limits, functions: [.registration("declare")], preludes: [FleetPrelude.source])
    }

    private static func declarations(_ source: LuaSource, _ lua: Lua) throws -> [LuaRegistration] {
        let chunk = try lua.compile(source)
        let start = lua.load(chunk)
        if case .failed(let error) = start.outcome { throw error }
        guard let strand = start.strand else { throw MusterError(.badFleet, "\(source.name) did not load", place: source.name) }
        defer { lua.finish(strand) }
        return lua.registrations(of: strand)
    }

    private static func fleet(_ registrations: [LuaRegistration], _ file: String) throws -> FleetDeclaration {
        var fleet = FleetDeclaration(file: file)
        var named: [[Value]: String] = [:]
        for registration in registrations {
            let arguments = registration.arguments
            let key = Array(arguments[..<2])
            if arguments[2] == false {
                named[key] = arguments[3].string ?? file
                continue
            }
            named[key] = nil
            let fields = FieldReader(
                noun: arguments[0].string ?? "", name: arguments[1].string ?? "", place: arguments[3].string ?? file, fields: arguments[2])
            try take(fields, into: &fleet)
        }
        if let (key, place) = named.min(by: { $0.value < $1.value }) {
            let name = key.compactMap(\.string).joined(separator: " ")
            throw MusterError(.badFleet, "\(name) has no table", hint: "\(key[0].string ?? "") \"name\" { key = value, … }", place: place)
        }
        return fleet
    }

    private static func take(_ fields: FieldReader, into fleet: inout FleetDeclaration) throws {
        switch fields.noun {
        case "host": fleet.resources.append(Declared(try host(fields), place: fields.place))
        case "vm": fleet.resources.append(Declared(try vm(fields), place: fields.place))
        case "image": fleet.images.append(Declared(try image(fields), place: fields.place))
        case "server": fleet.servers.append(Declared(try server(fields), place: fields.place))
        case "policy": try policy(fields, into: &fleet.settings)
        case "settings":
            let blocks = fleet.settings.blocks
            fleet.settings = try settings(fields)
            fleet.settings.blocks = blocks
        default: fleet.bootNetwork = try bootNetwork(fields)
        }
    }

    /// What a policy is told is for the policy to read: any plain table.
    private static func policy(_ fields: FieldReader, into settings: inout Settings) throws {
        guard settings.blocks?[fields.name] == nil else {
            throw fields.wrong("it is declared twice", hint: "write one policy \"\(fields.name)\" { … } with all of it")
        }
        settings.blocks = (settings.blocks ?? [:]).merging([fields.name: fields.all]) { $1 }
    }

    private static func host(_ fields: FieldReader) throws -> Resource {
        var fields = fields
        guard fields.all["hypervisor"].isNull else {
            throw fields.wrong(
                "a host has no hypervisor", hint: "a virtual machine is declared as vm \"\(fields.name)\" { hypervisor = … }")
        }
        var resource = try machine(&fields)
        resource.watts = try fields.number("watts", in: 1...1_000_000)
        resource.wattsIdle = try fields.number("watts_idle", in: 1...1_000_000)
        resource.bmc = try fields.table("bmc").map(bmc)
        resource.rack = try fields.text("rack")
        try fields.finish()
        return resource
    }

    private static func vm(_ fields: FieldReader) throws -> Resource {
        var fields = fields
        let notItsOwn = [
            ("bmc", "it is switched by its hypervisor: leave it out"), ("rack", "it stands where its hypervisor does: give that its rack"),
            ("watts", "its hypervisor draws the power: give that its watts"),
            ("watts_idle", "its hypervisor draws the power: give that its watts_idle"),
        ]
        for (key, hint) in notItsOwn where !fields.all[key].isNull {
            throw fields.wrong("a virtual machine has no \(key) of its own", hint: hint)
        }
        var resource = try machine(&fields)
        resource.kind = .vm
        resource.hypervisor = ResourceID(try fields.required("hypervisor", example: "\"node1\""))
        guard resource.memoryMiB > 0 else {
            throw fields.wrong("memory is missing", hint: "add memory = \"4G\": the hypervisor gives it as much")
        }
        guard resource.fence?.contains(where: { $0.kind == .bmc }) != true else {
            throw fields.wrong("fence has \"bmc\", and a virtual machine has none", hint: "fence = { \"hypervisor\", \"storage\" }")
        }
        try fields.finish()
        return resource
    }

    /// What hosts and virtual machines have in common.
    private static func machine(_ fields: inout FieldReader) throws -> Resource {
        let mac = try fields.parsed("mac", "a MAC address", example: "52:54:00:77:00:01", MACAddress.init(_:))
        let others = try fields.texts("macs").map { text in
            guard let mac = MACAddress(text) else {
                throw fields.wrong("macs has \"\(text)\", not a MAC address", hint: "macs = { \"52:54:00:77:00:01\" }")
            }
            return mac
        }
        let macs = [mac].compactMap { $0 } + others
        guard !macs.isEmpty else {
            throw fields.wrong("mac is missing", hint: "add mac = \"52:54:00:77:00:01\": a machine is known by it when it boots")
        }
        var resource = Resource(
            id: ResourceID(fields.name), macs: macs,
            address: try fields.parsed("address", "an IPv4 address", example: "10.77.0.11", IPv4Address.init(_:)),
            memoryMiB: try fields.mebibytes("memory") ?? 0, cpus: Int(try fields.number("cpus") ?? 1),
            tags: try fields.texts("tags"))
        resource.fence = try FenceReader.read(&fields)
        resource.watchdog = try fields.table("watchdog").map(watchdog)
        return resource
    }

    private static func watchdog(_ fields: FieldReader) throws -> WatchdogTerms {
        var fields = fields
        var terms = WatchdogTerms()
        if let timeout = try fields.duration("timeout", minimum: 10_000) {
            guard timeout % 1000 == 0, timeout <= 600_000 else {
                throw fields.wrong(
                    "timeout is \(timeout) ms, which watchdogs cannot keep", hint: "whole seconds, at most ten minutes: timeout = \"30s\"")
            }
            terms.timeout = timeout
        }
        let soft = fields.value("soft")
        guard soft.isNull || soft.bool != nil else { throw fields.wrong("soft is \(soft.json), not true or false", hint: "soft = true") }
        terms.soft = soft.bool ?? false
        try fields.finish()
        return terms
    }

    private static func bmc(_ fields: FieldReader) throws -> BMC {
        var fields = fields
        let suites = fields.value("cipher_suites")
        let password = fields.value("password")
        guard password.isNull || password["secret"].string != nil else {
            throw fields.wrong(
                "password is written in plain text",
                hint: "write password = secret \"bmc/NAME\", and set it with: muster secret set bmc/NAME")
        }
        let bmc = BMC(
            address: try fields.required("address", example: "\"10.0.0.7\""), port: Int(try fields.number("port", in: 1...65535) ?? 623),
            user: try fields.required("user", example: "\"admin\""), passwordSecret: password["secret"].string,
            cipherSuites: try cipherSuites(suites, fields), workarounds: try fields.texts("workarounds"))
        try fields.finish()
        return bmc
    }

    private static func cipherSuites(_ value: Value, _ fields: FieldReader) throws -> [Int] {
        if value.isNull { return [17, 3] }
        let suites = (value.array ?? [value]).compactMap(\.int).map { Int($0) }
        guard !suites.isEmpty, suites.count == (value.array?.count ?? 1), suites.allSatisfy({ (1...17).contains($0) }) else {
            throw fields.wrong(
                "cipher_suites is \(value.json)", hint: "cipher_suites = { 17, 3 }; suite 0 has no authentication and is refused")
        }
        return suites
    }

    private static func image(_ fields: FieldReader) throws -> Image {
        var fields = fields
        let format = try fields.text("format") ?? "raw"
        guard let known = Image.Format(rawValue: format) else {
            throw fields.wrong(
                "format is \"\(format)\"", hint: "one of " + Image.Format.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
        }
        let image = Image(
            id: ImageID(fields.name), path: try fields.required("path", example: "\"/var/lib/muster/images/\(fields.name).raw\""),
            format: known)
        try fields.finish()
        return image
    }

    private static func server(_ fields: FieldReader) throws -> Server {
        var fields = fields
        var server = Server(
            id: ServerID(fields.name), image: ImageID(try fields.required("image", example: "\"\(fields.name)\"")),
            memoryMiB: try fields.mebibytes("memory") ?? 0, cpus: Int(try fields.number("cpus") ?? 1),
            tags: try fields.texts("tags"), priority: Int(try fields.number("priority") ?? 0),
            address: try fields.parsed("address", "an address with prefix", example: "10.77.0.100/24", IPv4Network.init(_:)))
        func words(_ key: String) throws -> [String]? { try fields.texts(key).nonempty }
        (server.prefer, server.avoid) = (try words("prefer"), try words("avoid"))
        (server.affinity, server.antiAffinity) = (try words("affinity"), try words("anti_affinity"))
        server.ready = try fields.table("ready").map(readiness)
        server.pool = try fields.text("pool")
        if server.pool == "" { throw fields.wrong("pool is empty", hint: "pool = \"web\"") }
        if let target = try fields.text("target") {
            guard let known = Server.Target(rawValue: target) else {
                throw fields.wrong("target is \"\(target)\"", hint: "\"running\" or \"stopped\"")
            }
            server.target = known
        }
        try fields.finish()
        return server
    }

    private static func readiness(_ fields: FieldReader) throws -> ReadinessCheck {
        var fields = fields
        let check = ReadinessCheck(
            http: try fields.text("http"), tcp: try fields.text("tcp"),
            timeoutMilliseconds: try fields.duration("timeout") ?? ReadinessCheck().timeoutMilliseconds)
        guard check.http != nil || check.tcp != nil else {
            throw fields.wrong("says neither http nor tcp", hint: "ready = { http = \"http://10.77.0.100/\" }")
        }
        if let http = check.http, !http.hasPrefix("http://") {
            throw fields.wrong("http is \"\(http)\"", hint: "a URL that begins with http://")
        }
        try fields.finish()
        return check
    }

    private static func settings(_ fields: FieldReader) throws -> Settings {
        var fields = fields
        var settings = Settings()
        // The least that makes sense: the engine looks four times a second, so that a shorter stall or poll would be one at every look.
        let durations: [(String, WritableKeyPath<Settings, Int64>, minimum: Int64)] = [
            ("heartbeat", \.heartbeat, 100), ("suspect_after", \.suspectAfter, 200), ("failed_after", \.failedAfter, 500),
            ("quiet_time", \.quietTime, 0), ("stall_after", \.stallAfter, 1_000), ("power_poll", \.powerPoll, 500),
            ("power_poll_urgent", \.powerPollUrgent, 250), ("fence_timeout", \.fenceTimeout, 1_000),
            ("start_timeout", \.startTimeout, 1_000), ("dedup_window", \.dedupWindow, 1_000),
            ("keep_events", \.keepEvents, 3_600_000), ("keep_runs", \.keepRuns, 3_600_000),
        ]
        for (key, path, minimum) in durations {
            if let length = try fields.duration(key, minimum: minimum) { settings[keyPath: path] = length }
        }
        // Less than a machine may still feed its watchdog by is no margin.
        settings.marginOfLeases = try fields.duration("lease_margin", minimum: 4_000)
        settings.isolationCount = Int(try fields.number("isolation_count") ?? Int64(settings.isolationCount))
        let share = fields.value("isolation_share")
        if !share.isNull {
            guard let part = share.double, (0...1).contains(part) else {
                throw fields.wrong("isolation_share is \(share.json), not a part of one", hint: "isolation_share = 0.33")
            }
            settings.isolationShare = part
        }
        settings.policy = try policySettings(&fields)
        if let size = try fields.mebibytes("journal_limit") {
            guard size > 0 else { throw fields.wrong("journal_limit is 0", hint: "journal_limit = \"16M\"") }
            settings.journalLimit = size << 20
        }
        settings.stepLimit = Int(try fields.number("step_limit", in: 10...10_000_000) ?? Int64(settings.stepLimit))
        settings.runLimit = Int(try fields.number("run_limit", in: 1...10_000) ?? Int64(settings.runLimit))
        settings.failoverLimit = try fields.number("failover_limit", in: 1...100_000).map { Int($0) }
        settings.flapCount = try fields.number("flap_count", in: 2...1_000).map { Int($0) }
        settings.flapTime = try fields.duration("flap_time", minimum: 1_000)
        settings.queueLimit = Int(try fields.number("queue_limit", in: 1...1_000_000) ?? Int64(settings.queueLimit))
        guard settings.heartbeat < settings.suspectAfter, settings.suspectAfter < settings.failedAfter else {
            throw fields.wrong(
                "heartbeat, suspect_after and failed_after must grow in this order", hint: "for example \"1s\", \"3s\", \"10s\"")
        }
        try fields.finish()
        return settings
    }

    private static func bootNetwork(_ fields: FieldReader) throws -> BootNetwork {
        var fields = fields
        let interface = try fields.required("interface", example: "\"eth1\"")
        guard let address = try fields.parsed("address", "an address with prefix", example: "10.77.0.1/24", IPv4Network.init(_:)) else {
            throw fields.wrong("address is missing", hint: "add address = \"10.77.0.1/24\"")
        }
        var network = BootNetwork(
            interface: interface, address: address, files: try fields.required("files", example: "\"/var/lib/muster/boot\""))
        if let range = try fields.text("range") {
            let ends = range.split(separator: "-").compactMap { IPv4Address($0.trimmingPrefix(while: \.isWhitespace).description) }
            guard ends.count == 2, ends[0] <= ends[1], address.contains(ends[0]), address.contains(ends[1]) else {
                throw fields.wrong(
                    "range is \"\(range)\"", hint: "two addresses in \(address), the smaller first: \"10.77.0.200-10.77.0.250\"")
            }
            network.rangeFirst = ends[0]
            network.rangeLast = ends[1]
        }
        network.httpPort = Int(try fields.number("http_port", in: 1...65535) ?? Int64(network.httpPort))
        network.kernelArguments = try fields.text("kernel_arguments") ?? ""
        try fields.finish()
        return network
    }
}

extension Array {
    /// Nil for an empty one.
    fileprivate var nonempty: Self? { isEmpty ? nil : self }
}
