// A container whose ports can be reached from this machine only: servers of tests have no passwords
// worth the name. testcontainers itself would publish them on every address.
import { GenericContainer } from 'testcontainers';

export class LoopbackContainer extends GenericContainer {
  /** Each port has the same number inside and outside: Kafka must find itself by its address. */
  withLoopbackPorts(ports: readonly number[]): this {
    const names = ports.map((port) => [port, `${port}/tcp`] as const);
    this.createOpts.ExposedPorts = Object.fromEntries(names.map(([, name]) => [name, {}]));
    this.hostConfig.PortBindings = Object.fromEntries(
      names.map(([port, name]) => [name, [{ HostIp: '127.0.0.1', HostPort: String(port) }]]),
    );
    return this;
  }
}
