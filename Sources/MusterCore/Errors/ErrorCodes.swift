extension MusterError.Code {
    // Input
    public static let badJSON: Self = "bad_json"
    public static let badArgument: Self = "bad_argument"
    public static let badFleet: Self = "bad_fleet"
    public static let notFound: Self = "not_found"
    public static let script: Self = "script_error"

    // Safety: refused by the engine, whatever the script says
    public static let claimAlive: Self = "claim_alive"
    public static let noEvidence: Self = "no_evidence"
    public static let evidenceVoid: Self = "evidence_void"
    public static let stale: Self = "stale"
    public static let disarmed: Self = "disarmed"
    public static let wrongState: Self = "wrong_state"
    public static let notFenced: Self = "not_fenced"

    // Runs
    public static let timeout: Self = "timeout"
    public static let cancelled: Self = "cancelled"
    public static let diverged: Self = "diverged"
    public static let asking: Self = "asking"
    public static let budget: Self = "budget"
    public static let memory: Self = "memory"
    public static let cannotYield: Self = "cannot_yield"
    public static let stepLimit: Self = "step_limit"
    public static let journalLimit: Self = "journal_limit"
    public static let reserved: Self = "reserved"
    /// No machine can take a server: it is placed when one becomes free.
    public static let noCapacity: Self = "no_capacity"

    // BMC
    public static let noBMC: Self = "no_bmc"
    public static let bmcSilent: Self = "bmc_silent"
    public static let bmcPassword: Self = "bmc_password"
    public static let bmcUser: Self = "bmc_user"
    public static let bmcPrivilege: Self = "bmc_privilege"
    public static let bmcBusy: Self = "bmc_busy"
    public static let bmcCipher: Self = "bmc_cipher"
    public static let bmcProtocol: Self = "bmc_protocol"
    public static let bmcIdentity: Self = "bmc_identity"
    public static let bmcContradicted: Self = "bmc_contradicted"
    public static let stillOn: Self = "still_on"

    // Store, secrets, exports
    public static let storeLocked: Self = "store_locked"
    public static let storeCorrupt: Self = "store_corrupt"
    public static let storeFull: Self = "store_full"
    public static let storeFailed: Self = "store_failed"
    public static let storeTerm: Self = "store_term"
    public static let noSecret: Self = "no_secret"
    public static let exportFailed: Self = "export_failed"
    public static let imageMissing: Self = "image_missing"
    public static let imageInUse: Self = "image_in_use"
}
