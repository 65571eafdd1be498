/// The right of one resource to run one server's image.
public struct Claim: Codable, Sendable, Hashable {
    public var epoch: Epoch
    public var server: ServerID
    public var image: ImageID
    public var resource: ResourceID
    public var at: Timestamp
    /// Where the machine finds its image; nil until the export is open.
    public var export: Export?
    /// The evidence that ended it; nil while it is alive.
    public var ended: Evidence.ID?
    /// True once its export is known to be cut; a claim that ended without that is an obligation.
    public var exportCut: Bool = false
    /// When a fence ordered its export to be cut while the claim was alive: from then on nothing opens it again.
    public var cutOrdered: Timestamp?
    /// True once its export was seen to have ended without being cut.
    public var exportDied: Bool?
    /// True after a restore, until its machine was heard under it.
    public var unproven: Bool?
    /// The step that made it (`run/address`), so that the step in doubt finds it again.
    public var madeBy: String?

    public var isAlive: Bool { ended == nil }

    public init(epoch: Epoch, server: ServerID, image: ImageID, resource: ResourceID, at: Timestamp) {
        self.epoch = epoch
        self.server = server
        self.image = image
        self.resource = resource
        self.at = at
    }
}

/// An image as a machine reaches it over the network, for one claim.
public struct Export: Codable, Sendable, Hashable {
    public var epoch: Epoch
    /// The address and port that the export listens on.
    public var host: String
    public var port: Int
    /// The export's name: unguessable, told to the claim's machine only.
    public var name: String

    public init(epoch: Epoch, host: String, port: Int, name: String) {
        self.epoch = epoch
        self.host = host
        self.port = port
        self.name = name
    }
}

/// The recorded reason to believe that a resource can no longer touch anything.
public struct Evidence: Codable, Sendable, Hashable {
    public struct ID: Identifier {
        public let rawValue: Int64
        public init(_ rawValue: Int64) { self.rawValue = rawValue }
        public var next: ID { ID(rawValue + 1) }
    }

    public enum Kind: String, Codable, Sendable { case off, revoked, expired, manual }

    public var id: ID
    public var kind: Kind
    public var resource: ResourceID
    /// The claim it is bound to; nil when the resource had none.
    public var epoch: Epoch?
    public var at: Timestamp
    /// What was seen, in words.
    public var detail: String
    /// The person whose word it is, for `manual`.
    public var operatorName: String?
    /// The boot whose lease ran out, for `expired`: only a sign of its life says anything against it.
    public var bootID: String?
    /// The hypervisor that was seen off, or confirmed to be, when that is what speaks for its guest.
    public var hypervisor: ResourceID?
    /// The claim end it paid for.
    public var spent: Bool = false
    /// Why it counts no more: a sign of life after it.
    public var voided: String?

    public var isValid: Bool { !spent && voided == nil }

    public init(
        id: ID, kind: Kind, resource: ResourceID, epoch: Epoch?, at: Timestamp, detail: String,
        operatorName: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.resource = resource
        self.epoch = epoch
        self.at = at
        self.detail = detail
        self.operatorName = operatorName
    }
}
