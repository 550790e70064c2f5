//! Everything about an owner's wallet that can go otherwise than hoped.

use alloy::primitives::Address;
use alloy::sol_types::SolValue as _;
use anyhow::{Result, ensure};
use demo::doors::{PEOPLE, consent_link};
use devstack::Site;
use journeys::steps::{CHAIN_ID, Office, Owner, connect, leaves_no_trace, options};
use journeys::{Browser, Mood, Screen, Wallet};

const MAINNET: u64 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn only_the_registered_wallet_signs_and_each_hitch_has_its_own_words() -> Result<()> {
    let site = Site::start(&options()).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let phone = Browser::launch(Screen::Phone).await?;
    let office = Office::open(&site, &desk).await?;
    let fox = Wallet::new("Fox", MAINNET);
    let stranger = Wallet::new("Stranger", CHAIN_ID);
    let person = &PEOPLE[0];
    let handed = office.enter(person, fox.address()).await?;

    let link = consent_link(&site, person.email).await?;
    let owner = Owner::with(&phone, &[&fox, &stranger]).await?;
    owner.open(&link).await?;
    come_in_by_wallet(&owner, &fox, &stranger).await?;
    refuse_the_stranger(&site, &owner, &fox, &stranger).await?;
    switch_the_chain(&owner, &fox).await?;
    refuse_once_and_sign(&owner, &fox).await?;
    owner.tab().behaved()?;

    office.show(&handed.record).await?;
    office.tab().see("Signed by the data owner").await?;
    leaves_no_trace(&site, &[person.name, person.email, person.address, &link]).await?;
    site.stop().await
}

/// A challenge instead of the code. The refusal of a stranger's wallet does not name the right one.
async fn come_in_by_wallet(owner: &Owner, fox: &Wallet, stranger: &Wallet) -> Result<()> {
    let tab = owner.tab();
    tab.press_on("[data-testid=use-wallet]").await?;
    tab.see("Several wallets are here.").await?;
    ensure!(tab.count("[data-testid=wallet-choice]").await? == 2);
    tab.look("consent-wallet-choice").await?;
    tab.press("Stranger").await?;
    let words = owner.problem("not_registered").await?;
    ensure!(words.contains(&stranger.address().to_string()), "{words}");
    tab.dont_see(&fox.address().to_string()).await?;
    tab.look("consent-not-registered").await?;

    tab.press_on("[data-testid=use-wallet]").await?;
    tab.press("Fox").await?;
    owner.is_at("review").await
}

/// The message names both addresses. A wallet that lies about its account gets past the page, and not past the server.
async fn refuse_the_stranger(
    site: &Site,
    owner: &Owner,
    fox: &Wallet,
    stranger: &Wallet,
) -> Result<()> {
    let (right, wrong) = (fox.address().to_string(), stranger.address().to_string());
    owner.try_to_sign().await?;
    owner.tab().press("Stranger").await?;
    let words = owner.problem("wrong_wallet").await?;
    ensure!(words.contains(&right) && words.contains(&wrong), "{words}");
    owner.tab().look("consent-wrong-wallet").await?;

    stranger.pretend(fox.address());
    owner.try_to_sign().await?;
    owner.tab().press("Stranger").await?;
    let words = owner.problem("changed_meanwhile").await?;
    ensure!(words.contains("Nothing was stored"), "{words}");
    ensure!(
        stranger
            .asked()
            .iter()
            .any(|method| method == "eth_signTypedData_v4"),
        "it did not get as far as the server"
    );
    ensure!(consents(site).await? == 0, "a stranger's consent is stored");
    Ok(())
}

async fn switch_the_chain(owner: &Owner, fox: &Wallet) -> Result<()> {
    owner.try_to_sign().await?;
    owner.tab().press("Fox").await?;
    let words = owner.problem("wrong_chain").await?;
    ensure!(words.contains("Sealwatch local chain"), "{words}");
    owner.tab().look("consent-wrong-chain").await?;
    fox.feel(Mood::Refusing);
    owner.tab().press_on("[data-testid=switch-chain]").await?;
    owner.problem("refused").await?;
    ensure!(fox.chain_id() == MAINNET);
    // Agrees to add the chain and to switch to it, and then does not sign.
    fox.feel(Mood::Wary);
    owner.try_to_sign().await?;
    owner.tab().press("Fox").await?;
    owner.tab().press_on("[data-testid=switch-chain]").await?;
    let words = owner.problem("refused").await?;
    ensure!(words.contains("Nothing was sent"), "{words}");
    ensure!(fox.chain_id() == CHAIN_ID, "the wallet did not switch");
    let added = |method: &String| method == "wallet_addEthereumChain";
    ensure!(
        fox.asked().iter().any(added),
        "an unknown chain was not added"
    );
    owner.tab().look("consent-refused").await?;
    Ok(())
}

async fn refuse_once_and_sign(owner: &Owner, fox: &Wallet) -> Result<()> {
    fox.feel(Mood::Willing);
    owner.try_to_sign().await?;
    owner.tab().press("Fox").await?;
    owner.is_at("used").await
}

/// It pretends nothing: its account is the contract, which takes what its owner's key signs (ERC-1271).
#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_is_a_contract_lets_its_owner_in_and_signs() -> Result<()> {
    let site = Site::start(&options()).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let phone = Browser::launch(Screen::Phone).await?;
    let office = Office::open(&site, &desk).await?;
    let smart = Wallet::new("Smart", CHAIN_ID);
    let owners = (vec![smart.address()],).abi_encode_params();
    let chain = &site.chain;
    let contract = chain.put_contract("OwnersWallet", "OwnersWallet", &owners);
    let contract: Address = contract.await?.parse()?;
    smart.pretend(contract);
    let handed = office.enter(&PEOPLE[2], contract).await?;

    let owner = Owner::with(&phone, &[&smart]).await?;
    owner.open(&handed.link).await?;
    owner.prove_wallet().await?;
    owner.sign().await?;
    let tab = owner.tab();
    tab.open(&format!("{}/receipt", handed.link)).await?;
    tab.find("[data-testid=receipt-check-block]").await?;
    tab.see("The answer must be 0x1626ba7e").await?;
    tab.look("consent-receipt-contract-wallet").await?;
    tab.behaved()?;
    site.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_wallet_there_are_three_other_ways_to_one() -> Result<()> {
    let site = Site::start(&options()).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let office = Office::open(&site, &desk).await?;
    let wallet = Wallet::new("Elsewhere", CHAIN_ID);
    let handed = office.enter(&PEOPLE[1], wallet.address()).await?;

    let phone = Browser::launch(Screen::Phone).await?;
    let owner = Owner::with(&phone, &[]).await?;
    owner.open(&handed.link).await?;
    owner.tab().press_on("[data-testid=use-wallet]").await?;
    owner.problem("no_wallet").await?;
    owner.give_code(&handed.code).await?;
    owner.try_to_sign().await?;
    owner.problem("no_wallet").await?;
    owner.tab().look("consent-no-wallet").await?;

    let tab = owner.tab();
    let deep_link = tab.attribute("[data-testid=open-metamask]", "href").await?;
    ensure!(
        deep_link == format!("metamask://dapp/{}", handed.link),
        "{deep_link}"
    );
    ensure!(
        tab.count(".no-wallet .qr svg path").await? == 1,
        "no QR code"
    );
    tab.press_on("[data-testid=copy-link]").await?;
    tab.see("Copied").await?;
    ensure!(
        tab.clipboard().await? == handed.link,
        "another link was copied"
    );

    // The same link in the wallet's own browser: a further person, as far as cookies tell.
    tab.forget_cookies().await?;
    let in_wallet = Owner::with(&phone, &[&wallet]).await?;
    in_wallet.open(&handed.link).await?;
    in_wallet.prove_wallet().await?;
    in_wallet.sign().await?;
    tab.behaved()?;
    in_wallet.tab().behaved()?;
    site.stop().await
}

async fn consents(site: &Site) -> Result<i64> {
    let mut connection = connect(site).await?;
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM consents");
    Ok(count.fetch_one(&mut connection).await?)
}
