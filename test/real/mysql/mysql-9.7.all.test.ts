import { describeVersion } from './suite';

describeVersion({ engine: 'mysql', version: '9.7' });
