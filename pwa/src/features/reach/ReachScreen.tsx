import { m } from '@/paraglide/messages'
import { Group, Page } from '@/shared/ui/Page'
import { Devices } from './Devices'
import { Preferences } from './Preferences'
import { ThisPhone } from './ThisPhone'

/** On which ways one is told of what, and which browsers of one's own are told. */
export function ReachScreen() {
  return (
    <Page title={m.reach_title()} hint={m.reach_hint()}>
      <Group title={m.reach_this()}>
        <ThisPhone />
      </Group>
      <Group title={m.reach_devices()}>
        <Devices />
      </Group>
      <Preferences />
    </Page>
  )
}
