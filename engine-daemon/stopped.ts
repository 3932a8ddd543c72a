/** What was waited for will not come, because the engine stops. No fault: the next start goes on. */
export class EngineStopped extends Error {
  override readonly name = 'EngineStopped';
}
