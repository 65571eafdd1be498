import MusterEngine

/// By what a controller can be known to belong to a machine.
struct IPMIIdentity {
    /// UUID text to compare with.
    let uuid: String
    /// Whose word that is, for a sentence: "the machine's DMI UUID is".
    let whose: String

    /// The machine's own UUID, else what this controller said before; nil when neither is known.
    static func known(_ access: PowerAccess) -> IPMIIdentity? {
        if let uuid = access.uuid, tellsSomething(uuid) {
            return IPMIIdentity(uuid: uuid, whose: "the machine's DMI UUID is")
        }
        if let guid = access.bmc.guid, tellsSomething(guid) {
            return IPMIIdentity(uuid: guid, whose: "the controller that belongs here said")
        }
        return nil
    }

    /// False for what makers leave in place of a UUID: all zeros, all ones, and the counting pattern of a common BIOS.
    private static func tellsSomething(_ uuid: String) -> Bool {
        let digits = uuid.lowercased().filter(\.isHexDigit)
        return digits.count == 32 && Set(digits) != ["0"] && Set(digits) != ["f"]
            && digits != "03000200040005000006000700080009"
    }
}
