import MusterCore

extension FleetReader {
    /// The keys of `settings` that say what policies may do; nil when none is given.
    static func policySettings(_ fields: inout FieldReader) throws -> PolicySettings? {
        var settings = PolicySettings()
        try limits(&settings, &fields)
        return settings == PolicySettings() ? nil : settings
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
