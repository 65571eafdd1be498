/// An operating system on a disk, and where it lives.
public struct Image: Codable, Sendable, Hashable {
    public enum Format: String, Codable, Sendable, CaseIterable { case raw, qcow2 }

    public var id: ImageID
    /// The file or device on the engine's machine.
    public var path: String
    public var format: Format

    public init(id: ImageID, path: String, format: Format = .raw) {
        self.id = id
        self.path = path
        self.format = format
    }
}
