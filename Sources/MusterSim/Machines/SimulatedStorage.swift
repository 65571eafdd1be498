import MusterCore
import MusterEngine

/// The exports of images: who may write what. They outlive the engine's process.
public final class SimulatedStorage {
    private struct Open {
        var image: ImageID
        var export: Export
        /// The machine that has it mounted.
        var machine: String?
    }

    private var open: [Epoch: Open] = [:]
    private var byImage: [ImageID: Set<Epoch>] = [:]
    private var ports = 10_809
    private let story: Story

    init(story: Story) { self.story = story }

    public var openEpochs: [Epoch] { open.keys.sorted() }
    /// The epochs under which an image is open.
    func openEpochs(of image: ImageID) -> [Epoch] { (byImage[image] ?? []).sorted() }
    public func isOpen(_ epoch: Epoch) -> Bool { open[epoch] != nil }
    public func image(of epoch: Epoch) -> ImageID? { open[epoch]?.image }

    /// Opens an export. A second one of the same image is the worst there is: it is told as a broken rule, and then refused as the
    /// image's lock would refuse it.
    func open(_ request: ExportRequest) throws -> Export {
        if let known = open[request.epoch] { return known.export }
        if let other = openEpochs(of: request.image.id).first {
            story.violate("the image \(request.image.id) was to be opened for epoch \(request.epoch) while epoch \(other) may write it")
            throw MusterError(.imageInUse, "image \(request.image.id) is exported for epoch \(other)", hint: "cut it first")
        }
        let export = Export(epoch: request.epoch, host: request.host, port: ports, name: "muster-\(request.epoch)")
        ports += 1
        open[request.epoch] = Open(image: request.image.id, export: export)
        byImage[request.image.id, default: []].insert(request.epoch)
        story.tell(.export, "the image \(request.image.id) is open for epoch \(request.epoch)")
        return export
    }

    func attach(_ epoch: Epoch, _ machine: String) { open[epoch]?.machine = machine }

    /// Closes an export; nothing when it is not open. Answers the machine that had it mounted.
    @discardableResult
    func close(_ epoch: Epoch, _ words: String) -> String? {
        guard let closed = open.removeValue(forKey: epoch) else { return nil }
        byImage[closed.image]?.remove(epoch)
        story.tell(.export, "the image \(closed.image) of epoch \(epoch) \(words)")
        return closed.machine
    }
}
