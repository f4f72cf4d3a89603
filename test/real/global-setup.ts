import { ensureEngine } from '../../platform/engine';
import { ensureImages } from '../../platform/images';
import { recipes } from '../../platform/image-table';
import { findTemporal } from '../../platform/temporal-binary';

const servers = /^drydock\/(mysql|mariadb|haproxy|etcd|consul):/;

/** What tests share, made once before the first of them, so that a new machine's set-up is in nobody's time limit. */
export default async function setUp(): Promise<void> {
  const say = (line: string) => console.log(line);
  await findTemporal(say);
  const engine = await ensureEngine(say);
  await ensureImages(
    engine,
    Object.keys(recipes).filter((name) => servers.test(name)),
    say,
  );
}
