import CFreeIPMI
import MusterCore

/// The workarounds for controllers that depart from IPMI 2.0, by the names that FreeIPMI's tools document (`-W`).
enum IPMIWorkarounds {
    static let flags: [(name: String, flag: Int32)] = [
        ("authcap", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_AUTHENTICATION_CAPABILITIES),
        ("intel20", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_INTEL_2_0_SESSION),
        ("supermicro20", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_SUPERMICRO_2_0_SESSION),
        ("sun20", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_SUN_2_0_SESSION),
        ("opensesspriv", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_OPEN_SESSION_PRIVILEGE),
        ("integritycheckvalue", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_NON_EMPTY_INTEGRITY_CHECK_VALUE),
        ("nochecksumcheck", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_NO_CHECKSUM_CHECK),
    ]

    /// The names that `BMC.workarounds` may hold.
    static var names: [String] { flags.map(\.name) + ["none"] }

    /// The flags joined, as `ipmi_ctx_open_outofband_2_0` takes them. Errors: `bad_argument` with the list of names.
    static func mask(_ names: [String]) throws -> UInt32 {
        try names.reduce(0) { mask, name in
            if name == "none" { return mask }
            guard let known = flags.first(where: { $0.name == name }) else {
                throw MusterError(
                    .badArgument, "\"\(name)\" is no IPMI workaround",
                    hint: "the workarounds are \(self.names.joined(separator: ", ")); ipmipower's manual explains them")
            }
            return mask | UInt32(known.flag)
        }
    }
}
