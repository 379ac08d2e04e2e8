import type { Page } from '@playwright/test'
import type { Visit, Who } from './test'
import type { World } from './world'

export interface Screen {
  name: string
  who?: Who
  stranger?: boolean
  at: (world: World) => string
  /** What is opened on it, and the sign that it stands. */
  open?: (visit: Visit, page: Page) => Promise<void>
  /** Not there on a phone. */
  desktop?: boolean
}

const inbox = () => '/'
const dialog = (page: Page) => page.getByRole('dialog').waitFor()

/** Every screen and every sheet, as a person gets there. */
export const SCREENS: Screen[] = [
  { name: 'login', stranger: true, at: inbox, open: async ({ t }, page) => page.getByText(t('demo_title')).waitFor() },
  {
    name: 'login-missing',
    stranger: true,
    at: inbox,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('login_submit') }).click()
      await page.getByText(t('login_password_missing')).waitFor()
    },
  },
  { name: 'inbox', at: inbox },
  { name: 'inbox-mine', at: () => '/?view=mine' },
  { name: 'inbox-all', at: () => '/?view=all' },
  { name: 'inbox-empty', at: () => '/?view=all&status=won&assignee=none', open: async ({ t }, page) => page.getByText(t('empty_filtered')).waitFor() },
  {
    name: 'entry',
    at: inbox,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('entry_title') }).click()
      await page.getByRole('dialog').getByText(t('entry_more')).click()
      await page.getByRole('dialog').getByRole('textbox', { name: t('field_phone') }).fill('400 00 100')
      await page.getByText(t('entry_here', { name: 'Åse Nordmann' })).waitFor()
    },
  },
  {
    name: 'filters',
    at: () => '/?view=all&status=won',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('filters_on', { n: 1 }) }).click()
      await dialog(page)
    },
  },
  { name: 'lead-fresh', at: ({ fresh }) => `/leads/${fresh}` },
  {
    name: 'lead',
    at: ({ busy }) => `/leads/${busy}`,
    open: async ({ t }, page) => {
      await page.getByText(t('trace_more')).click()
    },
  },
  {
    name: 'lead-history',
    at: ({ busy }) => `/leads/${busy}`,
    open: async ({ t }, page) => {
      await page.getByRole('heading', { name: t('timeline') }).evaluate((heading) => heading.scrollIntoView())
      await page.getByRole('region', { name: t('timeline') }).getByRole('listitem').first().waitFor()
    },
  },
  { name: 'lead-lost', at: ({ lost }) => `/leads/${lost}` },
  { name: 'lead-gone', at: () => '/leads/0190aaaa-0000-7000-8000-000000000000', open: async ({ t }, page) => page.getByText(t('lead_gone'), { exact: true }).waitFor() },
  {
    name: 'consent',
    at: ({ busy }) => `/leads/${busy}`,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('consent_show') }).click()
      await dialog(page)
    },
  },
  {
    name: 'edit',
    at: ({ fresh }) => `/leads/${fresh}`,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('action_edit') }).click()
      await dialog(page)
    },
  },
  {
    name: 'snooze',
    at: ({ fresh }) => `/leads/${fresh}`,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('action_snooze'), exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: t('snooze_own') }).click()
    },
  },
  {
    name: 'lost',
    at: ({ fresh }) => `/leads/${fresh}`,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('status_lost'), exact: true }).click()
      await dialog(page)
    },
  },
  {
    name: 'assign',
    who: 'mats',
    at: ({ fresh }) => `/leads/${fresh}`,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('action_assign') }).click()
      await dialog(page)
    },
  },
  {
    name: 'outcome',
    at: ({ busy }) => `/leads/${busy}`,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('outcome_tell') }).click()
      await dialog(page)
    },
  },
  {
    name: 'search',
    at: () => '/search',
  },
  {
    name: 'search-found',
    at: () => '/search',
    open: async ({ t }, page) => {
      await page.getByRole('searchbox').fill('so')
      await page.getByRole('main').getByRole('link').first().waitFor()
      await page.getByRole('searchbox', { name: t('search_label') }).blur()
    },
  },
  { name: 'profile', who: 'mats', at: () => '/profile' },
  {
    name: 'profile-edit',
    at: () => '/profile',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('profile_edit') }).click()
      await dialog(page)
    },
  },
  {
    name: 'password-change',
    at: () => '/profile',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('profile_edit') }).click()
      await page.getByRole('dialog').getByRole('button', { name: t('password_change') }).click()
      await page.getByRole('dialog').getByLabel(t('password_new'), { exact: true }).fill('ravi1234')
      await page.getByText(t('password_weak_short')).waitFor()
    },
  },
  { name: 'team', who: 'asha', at: () => '/settings/team', open: async (_visit, page) => page.getByText('Ravi Solheim').waitFor() },
  {
    name: 'team-invite',
    who: 'asha',
    at: () => '/settings/team',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('team_invite') }).click()
      await dialog(page)
    },
  },
  {
    name: 'team-member',
    who: 'asha',
    at: () => '/settings/team',
    open: async (_visit, page) => {
      await page.getByRole('button', { name: /Ravi Solheim/ }).click()
      await dialog(page)
    },
  },
  {
    name: 'team-remove',
    who: 'asha',
    at: () => '/settings/team',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: /Ravi Solheim/ }).click()
      await page.getByRole('dialog').getByRole('button', { name: t('team_remove') }).click()
      await page.getByRole('dialog', { name: t('team_remove_title', { name: 'Ravi Solheim' }) }).waitFor()
    },
  },
  { name: 'shift', at: () => '/settings/shift', open: async ({ t }, page) => page.getByRole('button', { name: t('rota_away_add') }).waitFor() },
  { name: 'rota', who: 'asha', at: () => '/settings/rota', open: async ({ t }, page) => page.getByText(t('rota_no_gaps')).waitFor() },
  {
    name: 'rota-person',
    who: 'asha',
    at: () => '/settings/rota',
    open: async ({ t }, page) => {
      await page.getByRole('link', { name: /Ravi Solheim/ }).click()
      await page.getByRole('heading', { name: t('rota_capacity') }).waitFor()
    },
  },
  {
    name: 'distribution',
    who: 'asha',
    at: () => '/settings/distribution',
    open: async ({ t }, page) => {
      await page.getByRole('radio', { name: new RegExp(t('give_round_robin')) }).check()
      await page.getByText(t('give_because_common'), { exact: false }).waitFor()
    },
  },
  {
    name: 'distribution-rule',
    who: 'asha',
    at: () => '/settings/distribution',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('give_rule_add') }).click()
      await page.getByRole('dialog').getByLabel(t('give_areas')).fill('0150-0299, 50*')
    },
  },
  { name: 'scoring', who: 'asha', at: () => '/settings/scoring', open: async ({ t }, page) => page.getByText(t('score_preview_same')).waitFor() },
  {
    name: 'lead-score',
    at: ({ busy }) => `/leads/${busy}`,
    open: async ({ t }, page) => {
      await page.locator('summary').filter({ hasText: t('score_named', { n: '' }).split(' ')[0] ?? '' }).click()
    },
  },
  {
    name: 'lead-follow-up',
    at: ({ fresh }) => `/leads/${fresh}`,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('sequence_begin') }).click()
      await page.getByRole('dialog').getByRole('button', { name: /Etter ubesvart anrop/ }).waitFor()
    },
  },
  { name: 'hours', who: 'asha', at: () => '/settings/hours', open: async ({ t }, page) => page.getByRole('heading', { name: t('hours_within') }).waitFor() },
  { name: 'sources', who: 'asha', at: () => '/settings/sources', open: async (_visit, page) => page.getByRole('link', { name: /Landingsside/ }).waitFor() },
  {
    name: 'source-new',
    who: 'asha',
    at: () => '/settings/sources',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('source_add') }).click()
      await page.getByRole('dialog').getByRole('button', { name: t('source_kind_form') }).click()
    },
  },
  { name: 'source', who: 'asha', at: ({ source }) => `/settings/sources/${source}`, open: async ({ t }, page) => page.getByText(t('source_reason_no_contact')).waitFor() },
  { name: 'imports', who: 'asha', at: () => '/settings/imports', open: async ({ t }, page) => page.getByText(t('import_state_draft')).first().waitFor() },
  { name: 'import', who: 'asha', at: ({ draft }) => `/settings/imports/${draft}`, open: async ({ t }, page) => page.getByText(t('error_phone_invalid')).waitFor() },
  { name: 'sequences', who: 'asha', at: () => '/settings/sequences', open: async (_visit, page) => page.getByRole('link', { name: /Etter ubesvart anrop/ }).waitFor() },
  { name: 'sequence', who: 'asha', at: ({ sequence }) => `/settings/sequences/${sequence}`, open: async ({ t }, page) => page.getByRole('listitem', { name: t('sequence_step', { n: 3 }) }).waitFor() },
  {
    name: 'sequence-preview',
    who: 'asha',
    at: ({ sequence }) => `/settings/sequences/${sequence}`,
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('sequence_preview') }).click()
      await page.getByRole('dialog').getByText('Ring en gang til').waitFor()
    },
  },
  { name: 'sending', who: 'asha', at: () => '/settings/messages', open: async ({ t }, page) => page.getByText(t('sending_list_none')).waitFor() },
  { name: 'tally', who: 'asha', at: () => '/settings/count', open: async ({ t }, page) => page.getByText(t('tally_today'), { exact: true }).waitFor() },
  { name: 'join', stranger: true, at: () => '/join?i=0190aaaa-0000-7000-8000-000000000000' },
  { name: 'join-by-hand', stranger: true, at: () => '/join' },
  { name: 'forgot', stranger: true, at: () => '/forgot' },
  {
    name: 'reset',
    stranger: true,
    at: () => '/reset',
    open: async ({ t }, page) => {
      await page.getByLabel(t('password_new'), { exact: true }).fill('furu støvel lampe torsk')
      await page.getByText(t('password_strength_strong')).waitFor()
    },
  },
  { name: 'security', at: () => '/settings/security', open: async ({ t }, page) => page.getByRole('heading', { name: t('security_sessions') }).waitFor() },
  {
    name: 'security-totp',
    at: () => '/settings/security',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('security_totp_add') }).click()
      await page.getByRole('img', { name: t('security_totp_qr') }).waitFor()
    },
  },
  { name: 'access', who: 'asha', at: () => '/settings/access', open: async ({ t }, page) => page.getByText(t('security_networks_none')).waitFor() },
  {
    name: 'access-help',
    who: 'asha',
    at: () => '/settings/access',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('security_help_named').replace('{name}', 'Ravi Solheim') }).click()
      await dialog(page)
    },
  },
  {
    name: 'meta',
    who: 'asha',
    at: () => '/settings/meta',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('connect_test') }).click()
      await page.getByText(t('connect_tested', { when: '' }).trim(), { exact: false }).first().waitFor()
      await page.getByRole('button', { name: t('connect_test') }).waitFor()
    },
  },
  {
    name: 'meta-mapping',
    who: 'asha',
    at: () => '/settings/meta',
    open: async ({ t }, page) => {
      await page.getByRole('link', { name: /Gratis befaring/ }).click()
      await page.getByRole('combobox', { name: t('connect_map_goes', { question: 'Fullt navn' }) }).selectOption('message')
      await page.getByText(t('connect_warn_no_name')).waitFor()
    },
  },
  {
    name: 'meta-token',
    who: 'asha',
    at: () => '/settings/meta',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('connect_token_replace') }).click()
      await dialog(page)
    },
  },
  { name: 'notices', at: () => '/notifications', open: async ({ t }, page) => page.getByRole('heading', { level: 1, name: t('notice_title') }).waitFor() },
  { name: 'alerts', at: () => '/settings/alerts', open: async ({ t }, page) => page.getByRole('heading', { name: t('reach_ways') }).waitFor() },
  { name: 'escalation', who: 'asha', at: () => '/settings/escalation', open: async ({ t }, page) => page.getByText(t('ladder_at_once')).waitFor() },
  {
    name: 'escalation-step',
    who: 'asha',
    at: () => '/settings/escalation',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: new RegExp(t('ladder_managers')) }).click()
      await dialog(page)
    },
  },
  { name: 'operator', who: 'olav', at: () => '/operator' },
  { name: 'unknown', at: () => '/nowhere', open: async ({ t }, page) => page.getByText(t('page_unknown')).waitFor() },
  {
    name: 'help',
    desktop: true,
    at: inbox,
    open: async (_visit, page) => {
      await page.keyboard.press('?')
      await dialog(page)
    },
  },
  {
    name: 'palette',
    desktop: true,
    at: inbox,
    open: async (_visit, page) => {
      await page.keyboard.press('ControlOrMeta+k')
      await page.getByRole('combobox').fill('so')
      await page.getByRole('option').first().waitFor()
    },
  },
  {
    name: 'audit',
    who: 'asha',
    at: () => '/settings/audit',
    open: async (_visit, page) => page.getByRole('main').getByRole('listitem').first().waitFor(),
  },
  {
    name: 'audit-lead',
    who: 'asha',
    at: ({ busy }) => `/settings/audit?lead=${busy}`,
    open: async (_visit, page) => page.getByRole('main').getByRole('listitem').first().waitFor(),
  },
  {
    name: 'audit-filters',
    who: 'asha',
    at: () => '/settings/audit?group=views',
    open: async ({ t }, page) => {
      await page.getByRole('button', { name: t('filters_on', { n: 1 }) }).click()
      await dialog(page)
    },
  },
]

/** Drawn to the end: no skeleton, no font and no movement still to come. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('main').first().waitFor()
  await page.waitForFunction(async () => {
    await document.fonts.ready
    const frames = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const still = () => document.getAnimations().every((animation) => animation.playState === 'finished' || animation.effect?.getComputedTiming().iterations === Infinity)
    // A change of colours begins with the next frame, and ends with the one after; what inherits a colour may begin when its parent ends.
    await frames()
    if (document.querySelector('.shimmer, [aria-busy="true"]') || !still()) return false
    await frames()
    return still()
  })
}
