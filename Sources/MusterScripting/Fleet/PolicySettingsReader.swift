import MusterCore

extension FleetReader {
    /// The keys of `settings` that say what policies may do; nil when none is given.
    static func policySettings(_ fields: inout FieldReader) throws -> PolicySettings? {
        var settings = PolicySettings()
        try limits(&settings, &fields)
        settings.allowHTTP = try fields.texts("allow_http").map { try address($0, fields) }
        settings.allowExec = try programs("allow_exec", &fields)
        settings.allowSecrets = try fields.texts("allow_secrets")
        settings.execOn = try fields.table("exec_on").map(remoteAccess)
        return settings == PolicySettings() ? nil : settings
    }

    private static func address(_ text: String, _ fields: FieldReader) throws -> WebAddress {
        let address: WebAddress
        do throws(MusterError) {
            address = try WebAddress(text)
        } catch {
            throw fields.wrong("allow_http: \(error.message)", hint: "allow_http = { \"https://hooks.example.org/\" }")
        }
        guard address.query == nil else { throw fields.wrong("allow_http has \"\(text)\", with a query", hint: "end it before the ?") }
        return address
    }

    private static func programs(_ key: String, _ fields: inout FieldReader) throws -> [String] {
        let programs = try fields.texts(key)
        for program in programs where !program.hasPrefix("/") || program.hasSuffix("/") {
            throw fields.wrong("\(key) has \"\(program)\", not the absolute path of a program", hint: "\(key) = { \"/usr/sbin/sendmail\" }")
        }
        return programs
    }

    private static func remoteAccess(_ fields: FieldReader) throws -> RemoteAccess {
        var fields = fields
        let access = RemoteAccess(
            user: try fields.required("user", example: "\"root\""), key: try fields.required("key", example: "\"/etc/muster/ssh_key\""),
            knownHosts: try fields.required("known_hosts", example: "\"/etc/muster/known_hosts\""),
            port: Int(try fields.number("port", in: 1...65535) ?? 22), allow: try programs("allow", &fields))
        for (key, path) in [("key", access.key), ("known_hosts", access.knownHosts)] where !path.hasPrefix("/") {
            throw fields.wrong("\(key) is \"\(path)\", not an absolute path", hint: "\(key) = \"/etc/muster/\(key)\"")
        }
        // The name goes to ssh's command line: it must not look like one of its options.
        guard access.user.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_.\-]*/) != nil else {
            throw fields.wrong("user is \"\(access.user)\", not a user's name", hint: "user = \"root\"")
        }
        try fields.finish()
        return access
    }

    private static func limits(_ settings: inout PolicySettings, _ fields: inout FieldReader) throws {
        if let memory = try fields.mebibytes("policy_memory") { settings.limits.memory = memory << 20 }
        if let memory = try fields.mebibytes("policy_memory_most") { settings.most.memory = memory << 20 }
        if let slice = try fields.duration("policy_slice", minimum: LimitsReader.least.slice) { settings.limits.slice = slice }
        if let slice = try fields.duration("policy_slice_most", minimum: LimitsReader.least.slice) { settings.most.slice = slice }
        guard settings.limits.memory >= LimitsReader.least.memory, settings.limits.memory <= settings.most.memory else {
            throw fields.wrong(
                "policy_memory is \(settings.limits.memory >> 20)M, not from 1M to policy_memory_most (\(settings.most.memory >> 20)M)",
                hint: "policy_memory = \"64M\", policy_memory_most = \"256M\"")
        }
        guard settings.limits.slice <= settings.most.slice else {
            throw fields.wrong(
                "policy_slice is \(settings.limits.slice)ms, more than policy_slice_most (\(settings.most.slice)ms)",
                hint: "policy_slice = \"50ms\", policy_slice_most = \"1s\"")
        }
    }
}
