import MusterCore

/// What to export, for whom.
public struct ExportRequest: Codable, Sendable, Hashable {
    public var epoch: Epoch
    public var image: Image
    /// The address to listen on (the engine's address on the machines' network).
    public var host: String

    public init(epoch: Epoch, image: Image, host: String) {
        self.epoch = epoch
        self.image = image
        self.host = host
    }
}

/// The code that gives machines their images over the network and takes them away again.
///
/// The export processes outlive the engine. Whatever a new engine finds of them is adopted by process id, start time and epoch.
public protocol ExportDriver: Sendable {
    /// Opens the export of an epoch, or returns the one that is open already. The image's lock is taken first: `image_in_use`
    /// when any other process has it open, `image_missing`, `export_failed`.
    func open(_ request: ExportRequest) async throws -> Export

    /// Cuts the export of an epoch: stops accepting, drains, flushes, reaps the process, sees the image's lock free. Returns what was
    /// seen, in words, for the evidence. No export for this epoch counts as cut when the image's lock is free.
    func cut(_ epoch: Epoch, image: Image) async throws -> String

    /// The epochs whose exports are alive now, adopted or opened by this engine.
    func alive() async -> [Export]
}
