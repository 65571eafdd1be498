import MusterCore

/// The HTTP status of each error code.
enum ErrorStatus {
    static func code(for error: MusterError) -> Int {
        switch error.code {
        case .badArgument, .badJSON: 400
        case .notFound, .noSecret, .imageMissing: 404
        case "wrong_method": 405
        case .claimAlive, .noEvidence, .evidenceVoid, .stale, .disarmed, .wrongState, .notFenced, .imageInUse, .bmcIdentity,
            .bmcContradicted,
            .cancelled, .reserved, "file_exists":
            409
        case "too_large": 413
        case .badFleet, .script: 422
        case .bmcSilent, .bmcPassword, .bmcUser, .bmcPrivilege, .bmcBusy, .bmcCipher, .bmcProtocol, .noBMC, .stillOn, "agent_missing",
            "agent_unfit", "agent_failed":
            502
        case .storeLocked, .storeTerm: 503
        case .timeout: 504
        case .storeFull: 507
        default: 500
        }
    }
}
