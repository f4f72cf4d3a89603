import type { ClusterState } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';

export function seedMember(
  _env: ActivityEnvironment,
  _state: ClusterState,
  _member: string,
  _donor: string,
): Promise<{ bytes: number; seconds: number }> {
  return Promise.reject(new Error('comes next'));
}
