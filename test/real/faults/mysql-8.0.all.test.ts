import { describeFaults } from './fault-list';

describeFaults({ engine: 'mysql', version: '8.0' });
