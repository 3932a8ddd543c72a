// How a wait ends when the engine stops. No fault: the next start goes on from there.

/** What was waited for will not come any more. */
export class EngineStopped extends Error {
  override readonly name = 'EngineStopped';
}
